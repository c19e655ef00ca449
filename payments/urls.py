from django.urls import URLPattern, path

from payments import views

app_name = "payments"
urlpatterns: list[URLPattern] = [
    path("", views.wallet, name="wallet"),
    path("send/", views.send, name="send"),
    path("send/<uuid:draft_id>/", views.confirm, name="confirm"),
    path("send/<uuid:draft_id>/code/", views.resend_code, name="resend_code"),
    path("transfers/<uuid:transfer_id>/", views.receipt, name="receipt"),
    path("transfers/<uuid:transfer_id>/receipt.pdf", views.receipt_pdf, name="receipt_pdf"),
    path("statement/", views.statement, name="statement"),
    path("statement.csv", views.statement_csv, name="statement_csv"),
    path("statement.pdf", views.statement_pdf, name="statement_pdf"),
    path("requests/", views.requests, name="requests"),
    path("requests/<uuid:request_id>/accept/", views.answer_request, {"answer": "accept"}, name="accept_request"),
    path("requests/<uuid:request_id>/decline/", views.answer_request, {"answer": "decline"}, name="decline_request"),
    path("requests/<uuid:request_id>/cancel/", views.answer_request, {"answer": "cancel"}, name="cancel_request"),
    path("split/", views.split, name="split"),
    path("holds/", views.holds, name="holds"),
    path("holds/<uuid:hold_id>/", views.hold, name="hold"),
    path("holds/<uuid:hold_id>/void/", views.void_hold, name="void_hold"),
    path("bank/", views.bank, name="bank"),
    path("bank/<uuid:move_id>/", views.bank_move, name="bank_move"),
    path("webhooks/<slug:gateway>/", views.webhook, name="webhook"),
    path("testbank/<slug:reference>/", views.testbank, name="testbank"),
    path("plan/", views.plan, name="plan"),
    path("plan/start/", views.change_plan, {"change": "start"}, name="start_plan"),
    path("plan/cancel/", views.change_plan, {"change": "cancel"}, name="cancel_plan"),
]
