"""Fraud: how much of it there is, where, and whether the books balance."""

from .model import (
    AMOUNT, COUNT, GREEN, ORANGE, PER_SECOND, RED, SECONDS, SHARE,
    Dashboard, Row, bars, graph, stat,
)

RATE = "[$__rate_interval]"


def share(window):
    return (
        f'sum(rate(fraudstream_decisions_total{{HERE, verdict="fraud"}}{window}))'
        f" / sum(rate(fraudstream_decisions_total{{HERE}}{window}))"
    )


def book(title, name, description, **more):
    query = f"sum(max by (namespace, job) (fraudstream_books_{name}{{HERE}}))"
    return stat(title, COUNT, (query, title.lower()), description, width=3, decimals=0, **more)


BAD = ((1, RED),)

DASHBOARD = Dashboard("fraud", "Fraud", "How much fraud there is, of what kind, and whether every payment is accounted for.", [
    Row("", 9, [
        stat("Fraud rate", SHARE, (share(RATE), "fraud"),
             "Share of payments that the rules judge as fraud, by number. What is normal is yours to know: compare with the curve. A jump is an attack or a new rule: look at hits by rule.",
             width=6, decimals=1),
        graph("Fraud rate over time", SHARE, [(share(RATE), "now"), (share("[6h]"), "past six hours")],
              "The same against its own past, which the alert FraudstreamFraudRateSpike goes by. Far above the past: see which rule, type and recipients grew, below.",
              width=18),
    ]),
    Row("The books: produced = fraud + legit + dead-lettered + in flight", 4, [
        book("Produced", "produced", "Records in the payments topic, counted by reading. Every one of them is in exactly one of the boxes to the right."),
        book("Fraud", "fraud", "Payments with a row in fraud_payments. Counted in the table, so that it is right after any crash."),
        book("Legit", "legit", "Payments with a row in legit_payments. Counted in the table, so that it is right after any crash."),
        book("Dead-lettered", "dead_lettered", "Records that nobody could read, on the DLQ or in the table dead_letters. More than a few: a sender changed its format, see dead letters by reason on the Pipeline dashboard.", steps=((1, ORANGE),)),
        book("In flight", "in_flight", "Payments not yet decided or not yet stored. Grows when somebody is behind: see lag on the Pipeline dashboard."),
        book("Missing", "missing", "Payments that are gone. Never anything but 0: else run `fraudstream audit`, which names them, and follow the runbook, FraudstreamBooksNotBalanced.", steps=BAD),
        book("Doubled", "doubled", "Payments that are somewhere more than once. Never anything but 0: else run `fraudstream audit`, which names them, and follow the runbook, FraudstreamBooksNotBalanced.", steps=BAD),
        book("Foreign", "foreign", "Records on outputs and DLQ that our detector did not write. They are stored all the same. Expected only while another detector writes there."),
    ]),
    Row("", 7, [
        stat("Books balanced", COUNT, ("min(fraudstream_books_balanced{HERE})", "balanced"),
             "Whether everything added up in the last reading. NO: run `fraudstream audit`; it says what does not and names examples.",
             width=4, words={1: ("yes", GREEN), 0: ("NO", RED)}),
        stat("Age of the books", SECONDS, ("time() - min(fraudstream_books_updated_timestamp_seconds{HERE})", "age"),
             "Time since the last reading that could tell. Old: the auditor cannot reach the brokers or the database, its log says which.",
             width=4, steps=((300, ORANGE), (900, RED)), decimals=0),
        graph("Readings of the books", PER_SECOND, (f"sum by (outcome) (rate(fraudstream_books_rounds_total{{HERE}}{RATE}))", "{{outcome}}"),
              "How the auditor's readings ended. Unknown: it could not tell, because brokers or database did not answer in time; what was told before stands.",
              width=8),
        graph("In flight over time", COUNT, ("sum(max by (namespace, job) (fraudstream_books_in_flight{HERE}))", "in flight"),
              "Payments on their way from the payments topic to a table. Steady is healthy at any height; a rise means that a consumer is slower than the producers.",
              width=8),
    ]),
    Row("Payments", 9, [
        graph("Payments by type", PER_SECOND, (f"sum by (type) (rate(fraudstream_payments_total{{HERE}}{RATE}))", "{{type}}"),
              "Payments decided, by payment type. All at 0: nothing arrives or the detector is stuck, see the Pipeline dashboard; `other` rising: somebody sends types that end as unprocessable.",
              width=12, stacked=True),
        graph("Payments by recipient", PER_SECOND, (f"sum by (recipient) (rate(fraudstream_payments_total{{HERE}}{RATE}))", "{{recipient}}"),
              "Payments decided, by class of recipient. More strangers than usual is what fraud looks like from here; compare with hits by rule.",
              width=12, stacked=True),
        graph("Amount by verdict", AMOUNT, (f"sum by (verdict) (rate(fraudstream_decided_amount_total{{HERE}}{RATE}))", "{{verdict}} per second"),
              "Money decided each second, in major units, all currencies added as they are. A few large payments move it: look at the amount of one payment beside it.",
              width=12),
        graph("Amount of one payment", AMOUNT,
              (f"sum by (verdict) (rate(fraudstream_decided_amount_total{{HERE}}{RATE})) / sum by (verdict) (rate(fraudstream_decisions_total{{HERE}}{RATE}))", "{{verdict}}"),
              "Mean amount of a payment, in major units of any currency. Fraud that grows dearer while its rate stays is still an attack. No line while nothing is decided.",
              width=12),
    ]),
    Row("Rules", 9, [
        graph("Hits by rule", PER_SECOND, (f"sum by (rule, mode) (rate(fraudstream_rule_hits_total{{HERE}}{RATE}))", "{{rule}} ({{mode}})"),
              "Payments that each rule matched; one payment may match several. Mode shadow decides nothing. A rule at 0 for days is broken or not needed.",
              width=14),
        bars("Share of payments by rule", SHARE,
             ("sum by (rule, mode) (increase(fraudstream_rule_hits_total{HERE}[$__range])) / scalar(sum(increase(fraudstream_decisions_total{HERE}[$__range])))", "{{rule}} ({{mode}})"),
             "Share of all payments of the shown time that each rule matched. Before a shadow rule is enforced, this is what it would do.",
             width=10, decimals=1),
    ]),
    Row("Alerts: payments that a human must see", 8, [
        stat("Alerts raised", COUNT, ('sum(increase(fraudstream_alerts_total{HERE, state="raised"}[$__range]))', "raised"),
             "Alerts stored in the shown time. Each is a row of the table alerts; too many for people to read means that a rule with `alert: true` is too wide.",
             width=4, decimals=0),
        stat("Alerts refused", COUNT, ('sum(increase(fraudstream_alerts_total{HERE, state="failed"}[$__range]))', "failed"),
             "Alerts that the webhook refused for good in the shown time. Any: the column last_error of alerts says why; mend it and send them off again as the runbook says, FraudstreamAlertsRefused.",
             width=4, decimals=0, steps=((0.5, RED),)),
        stat("Alerts waiting", COUNT, ("max(fraudstream_alerts_pending{HERE})", "waiting"),
             "Alerts that the webhook does not have yet, counted up to 100000. Rising: the receiver is away or too slow. No value without ALERT_WEBHOOK_URL: then nothing is sent, and rows are all there is.",
             width=4, decimals=0, steps=((100, ORANGE), (1000, RED))),
        graph("Alerts by state", PER_SECOND, (f"sum by (state) (rate(fraudstream_alerts_total{{HERE}}{RATE}))", "{{state}}"),
              "Alerts stored (raised), taken by the webhook (delivered), refused for good (failed), and tries that will be repeated (retried). Retried without delivered: the receiver is away.",
              width=12),
    ]),
    Row("Rows", 8, [
        graph("Rows stored", PER_SECOND, (f"sum by (table, state) (rate(fraudstream_payments_stored_total{{HERE}}{RATE}))", "{{table}} {{state}}"),
              "Rows committed, by table and state. Less than what is decided for long: the sinks are behind, see lag on the Pipeline dashboard.",
              width=16, stacked=True),
        stat("Unprocessable share", SHARE,
             (f'sum(rate(fraudstream_payments_stored_total{{HERE, state="unprocessable"}}{RATE})) / sum(rate(fraudstream_payments_stored_total{{HERE}}{RATE}))', "unprocessable"),
             "Share of stored payments whose type nobody here processes. They are legal and kept. More than usual: a new payment type is in use, and somebody should decide what to do with it.",
             width=4, decimals=1, steps=((0.01, ORANGE), (0.1, RED))),
        stat("Unprocessable payments", COUNT, ('sum(increase(fraudstream_payments_stored_total{HERE, state="unprocessable"}[$__range]))', "unprocessable"),
             "The same as a number, over the shown time. Their types stand in legit_payments, in rows with state unprocessable.",
             width=4, decimals=0),
    ]),
])
