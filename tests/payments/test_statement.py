"""The statement: found, filtered, added up, and taken away as a file."""

import csv
import re
import tracemalloc
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from payments import services
from payments.ledger import post_transfers, posting, system_id, wallet_id
from payments.pdf import papers
from payments.pdf.document import document
from payments.pdf.papers import LINES_PER_PAGE
from payments.pdf.type import Type
from payments.statement import Line
from tests.payments.factories import give, make_person, order

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return make_person("asha", paise=100_000, first_name="Asha")


@pytest.fixture
def client(asha: User) -> Client:
    signed_in = Client()
    signed_in.force_login(asha)
    return signed_in


@pytest.fixture
def moves(asha: User) -> None:
    ravi = make_person("ravi", paise=50_000, first_name="Ravi", last_name="Kumar")
    zoya = make_person("zoya")
    services.send_money(payer=asha, payee=ravi, amount_paise=1_050, key="1", note="Chai, samosa")
    services.send_money(payer=asha, payee=zoya, amount_paise=2_000, key="2", note="=HYPERLINK(1)")
    services.send_money(payer=ravi, payee=asha, amount_paise=500, key="3", note="Change (small) \\ चाय")


def rows_of(client: Client, query: str = "") -> list[str]:
    page = client.get(f"{reverse('payments:statement')}?{query}").content.decode()
    return re.findall(r'<a href="/wallet/transfers/[^>]*>([^<]*)</a>', page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Received from Ravi Kumar", "Sent to zoya", "Sent to Ravi Kumar", "Welcome gift from Bank"]),
        ("direction=in", ["Received from Ravi Kumar", "Welcome gift from Bank"]),
        ("direction=out", ["Sent to zoya", "Sent to Ravi Kumar"]),
        ("q=ravi", ["Received from Ravi Kumar", "Sent to Ravi Kumar"]),
        ("q=kumar+ravi", ["Received from Ravi Kumar", "Sent to Ravi Kumar"]),
        ("q=samosa", ["Sent to Ravi Kumar"]),
        ("q=asha", []),
        ("q=%00", ["Received from Ravi Kumar", "Sent to zoya", "Sent to Ravi Kumar", "Welcome gift from Bank"]),
        ("kind=plan", []),
        ("kind=prize", ["Welcome gift from Bank"]),
        ("kind=transfer&direction=in", ["Received from Ravi Kumar"]),
        ("kind=nonsense&direction=sideways&month=2026-13&page=x", [1, 2, 3, 4]),
        ("month=1999-01", []),
    ],
)
def test_it_is_filtered_and_searched(moves: None, client: Client, query: str, found: list) -> None:
    rows = rows_of(client, query)
    assert len(rows) == len(found) if found and isinstance(found[0], int) else rows == found


def test_months_are_added_up_in_the_servers_zone(client: Client, asha: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for month, day, hour, paise in ((3, 31, 18, 100), (3, 31, 19, 1_000), (4, 15, 6, 200)):
        at = datetime(2026, month, day, hour, tzinfo=UTC)
        monkeypatch.setattr(posting.timezone, "now", lambda at=at: at)
        give(asha, paise)
    monkeypatch.undo()
    page = client.get(reverse("payments:statement")).content.decode()
    assert "April 2026" in page
    assert "+₹12.00" in page
    assert "+₹1.00" in page
    assert len(rows_of(client, "month=2026-04")) == 2


def test_the_csv_has_every_line_and_no_formula(moves: None, client: Client) -> None:
    response = client.get(reverse("payments:statement_csv"))
    assert response.headers["Content-Disposition"] == 'attachment; filename="chowk-statement.csv"'
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == ["Date", "Time", "What", "Note", "Amount", "Balance", "Transfer"]
    assert [row[2:6] for row in rows[1:]] == [
        ["Received from Ravi Kumar", "Change (small) \\ चाय", "5.00", "974.50"],
        ["Sent to zoya", "'=HYPERLINK(1)", "-20.00", "969.50"],
        ["Sent to Ravi Kumar", "Chai, samosa", "-10.50", "989.50"],
        ["Welcome gift from Bank", "", "1000.00", "1000.00"],
    ]


@pytest.mark.parametrize("note", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "＝1+1", " =1", 'a","=1', "a;=1"])
def test_no_note_becomes_a_formula(asha: User, client: Client, note: str) -> None:
    services.send_money(payer=asha, payee=make_person("ravi"), amount_paise=100, key="k", note=note)
    response = client.get(reverse("payments:statement_csv"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    [_, row, _] = csv.reader(text.splitlines())
    assert len(row) == 7
    assert row[3].lstrip("'") == note
    assert row[3][0] not in "=+-@＝"


def test_a_long_statement_takes_no_more_memory(client: Client, asha: User) -> None:
    """Four times the lines, and at no time more memory than a piece or two."""
    peaks = []
    for count in (1_000, 3_000):
        bank, wallet = system_id("bank"), wallet_id(asha)
        post_transfers([order(bank, wallet, 1, kind="grant") for _ in range(count)])
        for name in ("statement_csv", "statement_pdf"):
            tracemalloc.start()
            size = sum(len(piece) for piece in client.get(reverse(f"payments:{name}")).streaming_content)  # type: ignore[call-overload]
            peaks.append((name, size, tracemalloc.get_traced_memory()[1]))
            tracemalloc.stop()
    (_, csv_size, csv_peak), (_, pdf_size, pdf_peak), (_, csv_4, csv_peak_4), (_, pdf_4, pdf_peak_4) = peaks
    assert csv_4 > 3 * csv_size
    assert pdf_4 > 1.5 * pdf_size
    assert csv_peak_4 < 1.5 * csv_peak
    assert pdf_peak_4 < 1.5 * pdf_peak


def test_a_long_csv_is_read_in_pieces(client: Client, asha: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.statement_queries.ROWS_PER_FETCH", 3)
    for _ in range(7):
        give(asha, 1)
    pieces = list(client.get(reverse("payments:statement_csv")).streaming_content)  # type: ignore[call-overload]
    assert len(pieces) == 1 + 3
    assert len(b"".join(pieces).splitlines()) == 1 + 8


@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_is_streamed_too(asha: User) -> None:
    client = AsyncClient()

    async def read() -> bytes:
        await client.aforce_login(asha)
        response: Any = await client.get(reverse("payments:statement_csv"))
        return b"".join([piece async for piece in response.streaming_content])

    assert b"Welcome gift" in async_to_sync(read)()


def test_the_pdf_is_a_sound_document(moves: None, client: Client) -> None:
    response = client.get(reverse("payments:statement_pdf"))
    body = b"".join(response.streaming_content)  # type: ignore[arg-type]
    assert response.headers["Content-Type"] == "application/pdf"
    written = words_of(body)
    assert "₹1,000.00" in written
    assert any("Change (small) \\" in words for words in written)


@pytest.mark.parametrize("count", [0, 1, LINES_PER_PAGE, LINES_PER_PAGE + 1, LINES_PER_PAGE * 3])
def test_a_pdf_has_as_many_pages_as_it_needs(count: int) -> None:
    line = Line(1, timezone.now(), "transfer", "Sent to", "Ravi", None, "चाय", -100, 900, "t", "/")
    body = b"".join(papers.statement_pdf("Asha", [[line]] * count))
    written = words_of(body)
    assert body.count(b"/Type /Page ") == max(1, -(-count // LINES_PER_PAGE))
    assert written.count("Sent to Ravi: चाय") == count


def test_a_receipt_of_a_hindi_name_is_shaped_and_can_be_copied(client: Client, asha: User) -> None:
    ravi = make_person("ravi")
    ravi.first_name, ravi.last_name = "रवि", "क्षत्रिय"
    ravi.save()
    give(asha, 10_000)
    posted = services.send_money(payer=asha, payee=ravi, amount_paise=1_050, key="k", note="चाय और समोसे")
    response = client.get(reverse("payments:receipt_pdf", args=[posted.transfer_id]))
    assert response.headers["Content-Type"] == "application/pdf"
    written = words_of(response.content)
    assert {"₹10.50", "रवि क्षत्रिय", "चाय और समोसे", str(posted.transfer_id)} <= set(written)
    # क + ् + ष is one glyph: fewer than there are letters, and none of them the box of a missing one.
    glyphs = glyphs_of("क्षत्रिय")
    assert 0 < len(glyphs) < len("क्षत्रिय")
    assert "0000" not in glyphs
    assert glyphs_of("Sent to क्षत्रिय")[-len(glyphs) :] == glyphs  # also beside Latin letters
    other = Client()
    other.force_login(make_person("meera"))
    assert other.get(reverse("payments:receipt_pdf", args=[posted.transfer_id])).status_code == 404


@pytest.mark.parametrize(
    ("words", "font"),
    [
        ("Asha é ₹", "Lohit-Devanagari"),
        ("आशा", "Lohit-Devanagari"),
        ("আশা", "NotoSansBengali"),
        ("ਆਸ਼ਾ", "NotoSansGurmukhi"),
        ("આશા", "NotoSansGujarati"),
        ("ଆଶା", "NotoSansOriya"),
        ("ஆஷா", "NotoSansTamil"),
        ("ఆశ", "NotoSansTelugu"),
        ("ಆಶಾ", "NotoSansKannada"),
        ("ആശ", "NotoSansMalayalam"),
        ("آشا جان", "NotoSansArabic"),
        ("Αθήνα Ὅμηρος", "NotoSans"),
        ("Нина Đặng", "NotoSans"),
    ],
)
def test_every_script_of_india_and_some_more_have_letters_and_no_boxes(words: str, font: str) -> None:
    type_ = Type()
    shown = type_.text_at(0, 0, words).decode().partition("BDC")[2]
    glyphs = re.findall(r"<([0-9a-f]{4})>", shown)
    assert glyphs
    assert "0000" not in glyphs
    body = b"".join(document([shown.encode()], type_))
    assert font in {name.decode() for name in re.findall(rb"/FontName /[A-Z]{6}\+([A-Za-z-]+)", body)}
    assert len(body) < 60_000, "only the glyphs that are shown"


def test_scripts_stand_beside_each_other_in_one_line() -> None:
    shown = Type().text_at(0, 0, "Chai চা चाय சாய் 10").decode()
    assert len(set(re.findall(r"/F(\d+) 9 Tf", shown))) == 3


def glyphs_of(text: str) -> list[str]:
    return re.findall(r"<([0-9a-f]{4})>", Type().text_at(0, 0, text).decode().partition("BDC")[2])


def words_of(body: bytes) -> list[str]:
    """Every text of a PDF as it is copied from it, once its table of offsets has led to every object."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", body)[1])  # type: ignore[index]
    assert body[start : start + 5] == b"xref\n"
    offsets = [int(found) for found in re.findall(rb"(\d{10}) 00000 n ", body[start:])]
    for number, offset in enumerate(offsets, 1):
        assert body[offset:].startswith(b"%d 0 obj\n" % number)
    words: list[str] = []
    for number, offset in enumerate(offsets, 1):
        found = re.match(rb"%d 0 obj\n<< /Length (\d+) /Filter /FlateDecode >>\nstream\n" % number, body[offset:])
        if found:
            begin = offset + found.end()
            page = zlib.decompress(body[begin : begin + int(found[1])])
            assert body[begin + int(found[1]) :].startswith(b"\nendstream")
            words += [
                bytes.fromhex(text.decode()).decode("utf-16-be")
                for text in re.findall(rb"/ActualText <feff([0-9a-f]*)>", page)
            ]
    return words


@pytest.mark.parametrize("name", ["statement", "statement_csv", "statement_pdf"])
def test_strangers_and_wrong_methods(client: Client, name: str) -> None:
    assert Client().get(reverse(f"payments:{name}")).headers["Location"].startswith("/accounts/login/")
    assert client.post(reverse(f"payments:{name}")).status_code == 405


def test_it_takes_the_same_queries_for_many_lines(
    client: Client, asha: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(40):
        give(asha, 1)
    with django_assert_max_num_queries(18):
        assert len(rows_of(client)) == 30
