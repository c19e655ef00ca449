"""pgbench with the ledger's own statements, prepared, one transaction per transfer."""

import re
import subprocess
import tempfile
import time
from pathlib import Path

from bench.cluster import program
from bench.payments.clients import CLIENTS
from bench.payments.world import wallet_ids


def pgbench(folder: str, seconds: float) -> float:
    """Transfers per second of pgbench: the service's statements, prepared, one transaction per transfer."""
    with tempfile.TemporaryDirectory() as scripts:
        script = Path(scripts) / "transfer.sql"
        script.write_text(pgbench_script())
        # Each client counts its own keys; runs are told apart by the time of their start.
        command = [
            program("pgbench"),
            "-h",
            folder,
            "-U",
            "chowk",
            "-n",
            "-M",
            "prepared",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
        ]
        command += [
            "-T",
            str(max(1, round(seconds))),
            "-D",
            f"run={int(time.time()) % 100_000}",
            "-D",
            "i=0",
            "-f",
            str(script),
        ]
        said = subprocess.run([*command, "chowk"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(r"tps = ([\d.]+)", said)[1])  # type: ignore[index]


def pgbench_script() -> str:
    """The texts of payments/ledger/postgresql.py with pgbench's variables for their parameters.

    pgbench can neither hash nor keep a row for the next statement, so hashes are constant, and the new balance and
    number of an account are counted up from the old ones: the same rows and indexes are read and written.
    """
    from payments.ledger.postgresql import FIND_KEYS, LOCK, WRITE

    wallets = wallet_ids()
    transfer = "lpad(to_hex(:id::bigint), 32, '0')"
    hashes = "decode(repeat('5a', 64), 'hex')"
    values = {
        "at": "now()",
        "ids": f"ARRAY[{transfer}]",
        "kinds": "ARRAY['transfer']",
        "payers": "ARRAY[:payer]",
        "payees": "ARRAY[:payee]",
        "amounts": "ARRAY[:paise]",
        "notes": "ARRAY['']",
        "keys": f"ARRAY[{transfer}]",
        "creators": "ARRAY[NULL]",
        "reversed": "ARRAY[NULL]",
        "entry_accounts": "ARRAY[:payer, :payee]",
        "seqs": "ARRAY[:id, :id]",
        "entry_transfers": f"ARRAY[{transfer}, {transfer}]",
        "entry_amounts": "ARRAY[:minus, :paise]",
        "entry_balances": "ARRAY[1, 1]",
        "hashes": hashes,
        "accounts": "ARRAY[:payer, :payee]",
        "balances": "ARRAY[:minus, :paise]",
        "entry_counts": "ARRAY[1, 1]",
        "last_hashes": hashes,
        "spent_on": "ARRAY[NULL, NULL]",
        "spent_day": "ARRAY[0, 0]",
        "spent_month": "ARRAY[0, 0]",
    }
    write = re.sub(r"%\((\w+)\)s", lambda found: values[found[1]], WRITE)
    write = write.replace(
        "balance_paise = new.balance_paise,", "balance_paise = payments_account.balance_paise + new.balance_paise,"
    )
    write = write.replace(
        "entry_count = new.entry_count,", "entry_count = payments_account.entry_count + new.entry_count,"
    )
    find = FIND_KEYS.replace("%s", "ARRAY[:payer]", 1).replace("%s", f"ARRAY[{transfer}]", 1)
    return "\n".join(
        [
            r"\set i :i + 1",
            rf"\set payer random({min(wallets)}, {max(wallets)})",
            rf"\set step random(1, {len(wallets) - 1})",
            rf"\set payee {min(wallets)} + (:payer - {min(wallets)} + :step) % {len(wallets)}",
            r"\set paise random(1, 500)",
            r"\set minus 0 - :paise",
            # Rises, as the service's do: new rows go to the indexes' ends.
            r"\set id :run * 10000000000000 + :client_id * 100000000000 + :i",
            "BEGIN;",
            _one_line(LOCK.replace("%s", "ARRAY[:payer, :payee]::bigint[]")),
            _one_line(find),
            _one_line(write),
            "COMMIT;",
        ]
    )


def _one_line(statement: str) -> str:
    return " ".join(statement.split()) + ";"
