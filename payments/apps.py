from django.apps import AppConfig

KINDS = (
    ("transfer_received", "Money received"),
    ("transfer_sent", "Money sent"),
    ("transfer_reversed", "Transfer reversed"),
    ("prize_received", "Prize received"),
    ("plan_unpaid", "Premium could not be renewed"),
    ("plan_ended", "Premium has ended"),
    ("money_requested", "Someone asks for money"),
    ("request_declined", "Request declined"),
    ("top_up_received", "Money added"),
    ("withdrawal_sent", "Money withdrawn"),
    ("withdrawal_failed", "Withdrawal failed"),
)


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from notifications import kinds, streams
        from payments.queries import may_read_wallet_stream

        kinds.register(
            kinds.Kind(
                name="transfer_code",
                label="One-time codes",
                channels=("email", "sms"),
                templates="payments/notify/transfer_code",
                security=True,
            )
        )
        streams.register("wallet", may_read_wallet_stream)
        for name, label in KINDS:
            kinds.register(
                kinds.Kind(
                    name=name, label=label, channels=("email", "sms", "push"), templates=f"payments/notify/{name}"
                )
            )
