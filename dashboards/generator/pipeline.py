"""Pipeline: how fast payments move, where they wait, and what got in their way."""

from .model import (
    COUNT, GREEN, ORANGE, PER_SECOND, RED, SECONDS, SHARE,
    Dashboard, Row, graph, percentiles, stat,
)

RATE = "[$__rate_interval]"
LAG = "fraudstream_consumer_lag_records{HERE, TOPIC}"
NOT_COMMITTED = 'fraudstream_transactions_total{HERE, outcome!="committed"}'
# A partition has no gauge until it halts for the first time: whoever reads a topic and halts nothing is at 0.
HALTED = (
    "sum by (job, topic) (fraudstream_partition_halted{HERE, TOPIC})"
    f" or 0 * sum by (job, topic) ({LAG})"
)

DASHBOARD = Dashboard("pipeline", "Pipeline", "How fast payments move, where they wait, and what gets in their way.", has_topics=True, rows=[
    Row("", 9, [
        graph("Payments through the pipeline", PER_SECOND, [
            (f"sum(rate(fraudstream_payments_produced_total{{HERE}}{RATE}))", "produced by our producer"),
            (f"sum(rate(fraudstream_decisions_total{{HERE}}{RATE}))", "decided"),
            (f"sum(rate(fraudstream_payments_stored_total{{HERE}}{RATE}))", "stored"),
            (f"sum(rate(fraudstream_dead_letters_total{{HERE}}{RATE}))", "dead-lettered"),
        ], "What each stage commits. The curves lie on each other; the first that falls below the one before it is where payments wait. Foreign producers show only from decided on.",
              width=16),
        stat("Lag in records", COUNT, (f"sum({LAG})", "records"),
             "Records that are there and not yet committed by their consumer, over all topics. Thousands that do not shrink: add replicas, up to the number of partitions.",
             width=4, decimals=0, steps=((1_000, ORANGE), (10_000, RED))),
        stat("Lag in seconds", SECONDS, ("max(fraudstream_consumer_lag_seconds{HERE})", "worst"),
             "Age of the oldest of the records that were committed last, by whichever replica is worst. Frozen while nothing is committed: read it with the lag in records.",
             width=4, steps=((10, ORANGE), (60, RED))),
    ]),
    Row("Lag", 9, [
        graph("Lag in records by topic", COUNT, (f"sum by (job, topic) ({LAG})", "{{job}}: {{topic}}"),
              "Records between the stored position and the end, for each consumer. Growing for long: FraudstreamLagGrowing, add replicas or see what slows them under latency.",
              steps=((10_000, RED),)),
        graph("Lag in records by partition", COUNT, (f"sum by (topic, partition) ({LAG})", "{{topic}} {{partition}}"),
              "The same for each partition. One that rises alone is halted or holds one very busy account: see partitions halted."),
        graph("Lag in seconds by job", SECONDS, ("max by (job) (fraudstream_consumer_lag_seconds{HERE})", "{{job}}"),
              "Age of the last committed record at its commit. Follows bursts; a minute or more that lasts means that a consumer cannot keep up.",
              steps=((60, RED),)),
    ]),
    Row("Latency", 9, [
        graph("Decision latency", SECONDS, percentiles("fraudstream_decision_seconds"),
              "Age of a payment when it was decided, since its Kafka timestamp. High with little lag: producers batch, or their clocks are off. No line while nothing is decided."),
        graph("Commit latency", SECONDS, percentiles("fraudstream_commit_seconds"),
              "From the start of a drain to the acknowledged commit of a Kafka transaction. Above a second: the brokers are slow, look at their disks and at the replicas in sync.",
              steps=((1, ORANGE), (5, RED))),
        graph("Stored latency", SECONDS, percentiles("fraudstream_stored_latency_seconds", "job"),
              "From a payment's own time until its row was committed: the whole way. High while decision latency is low: the database or the sinks are slow.",
              steps=((5, ORANGE), (60, RED))),
    ]),
    Row("Transactions", 8, [
        graph("Transactions by outcome", PER_SECOND, (f"sum by (outcome) (rate(fraudstream_transactions_total{{HERE}}{RATE}))", "{{outcome}}"),
              "Kafka transactions by how they ended. Aborted ones are read and decided again, recreated ones had an unknown outcome and the broker was asked; neither loses anything, both cost time."),
        graph("Transactions not committed", SHARE,
              (f"sum by (job) (rate({NOT_COMMITTED}{RATE})) / (sum by (job) (rate(fraudstream_transactions_total{{HERE}}{RATE})) > 0) or 0 * sum by (job) (fraudstream_transactions_total{{HERE}})", "{{job}}"),
              "Share of transactions that were aborted or given up. A spike goes with every rebalance or broker restart; one that stays is FraudstreamTransactionsAborting: the detector's log names the error.",
              steps=((0.1, RED),)),
        graph("Rebalances", COUNT, (f"sum by (job, kind) (increase(fraudstream_rebalances_total{{HERE}}{RATE}))", "{{job}} {{kind}}"),
              "Changes of the assignment. Some with every start, stop and scaling. Lost, or a steady beat of them: a consumer is too slow to poll or loses the brokers."),
    ]),
    Row("Trouble", 8, [
        graph("Dead letters by reason", PER_SECOND, (f"sum by (reason) (rate(fraudstream_dead_letters_total{{HERE}}{RATE}))", "{{reason}}"),
              "Records that nobody could read or store; they are kept with their reason. Any: ask the sender whose format changed, FraudstreamDeadLetters says how to find it."),
        graph("Database retries", PER_SECOND, (f"sum by (job) (rate(fraudstream_database_retries_total{{HERE}}{RATE}))", "{{job}}"),
              "Calls to the database that were made again: lost connections, deadlocks, timeouts. Now and then is normal; steadily is a database in distress."),
        graph("Taken and repeated batches", PER_SECOND, [
            (f"sum by (job) (rate(fraudstream_batches_fenced_total{{HERE}}{RATE}))", "fenced {{job}}"),
            (f"sum by (job) (rate(fraudstream_duplicates_total{{HERE}}{RATE}))", "duplicates {{job}}"),
        ], "Batches that stored nothing because another replica had taken the partition, and records that were stored already with equal bytes. Both are the guarantee at work; steadily, two processes fight over a group."),
    ]),
    Row("", 7, [
        stat("Partitions halted", COUNT, (HALTED, "{{job}}: {{topic}}"),
             "Partitions that are halted until somebody acts. Any: the service's log has an ERROR with topic, partition and offset; FraudstreamPartitionHalted says what to do.",
             width=12, decimals=0, steps=((1, RED),)),
        stat("Unread or unstorable", COUNT, ("sum(increase(fraudstream_dead_letters_total{HERE}[$__range]))", "dead letters"),
             "Dead letters in the shown time, from detector and sinks. Look at the reasons above for what was wrong with them.",
             width=6, decimals=0, steps=((0.5, ORANGE),)),
        stat("Rebalances in the shown time", COUNT, ('sum(increase(fraudstream_rebalances_total{HERE, kind!="assigned"}[$__range]))', "revoked or lost"),
             "Assignments that were taken away. Each costs a pause of a second or so; dozens an hour are a fault, often a replica that restarts.",
             width=6, decimals=0),
    ]),
    Row("Our producer", 7, [
        stat("Producer late", SECONDS, ("max(fraudstream_producer_late_seconds{HERE})", "late"),
             "How late the next payment is against PRODUCER_RATE_PER_SECOND. More than seconds: the rate is more than brokers or CPU can take.",
             width=4, steps=((1, ORANGE), (10, RED))),
        graph("Payments on their way to the brokers", COUNT, ("sum by (job) (fraudstream_producer_waiting_payments{HERE})", "{{job}}"),
              "Payments that were sent and are not acknowledged. It breathes with each batch; a rise that does not end means that the brokers do not answer.",
              width=7),
        graph("Producer queue full", PER_SECOND, (f"sum by (job) (rate(fraudstream_producer_queue_full_total{{HERE}}{RATE}))", "{{job}}"),
              "Times that a payment had to wait for room. Above 0 the producer makes more than the brokers take; nothing is lost, it waits.",
              width=6),
        graph("Payments not delivered", COUNT, (f"sum by (cause) (max_over_time(fraudstream_payments_lost_total{{HERE}}{RATE}))", "{{cause}}"),
              "Payments that our producer gave up, by cause, until it is started anew. Any is FraudstreamPaymentsLost: they never reached the payments topic, and the books cannot know them.",
              width=7, steps=((1, RED),)),
    ]),
    Row("Delivery of alerts to the webhook", 8, [
        graph("Alert delivery latency", SECONDS, percentiles("fraudstream_alert_delivery_seconds"),
              "From when an alert was raised until the webhook had it. Minutes: the receiver was away or is slow. No value without ALERT_WEBHOOK_URL.",
              width=12, steps=((60, ORANGE), (900, RED))),
        graph("Alerts delivered and retried", PER_SECOND, (f'sum by (state) (rate(fraudstream_alerts_total{{HERE, state=~"delivered|retried|failed"}}{RATE}))', "{{state}}"),
              "What became of the tries to deliver. Retried without delivered is FraudstreamAlertsNotDelivered; failed is FraudstreamAlertsRefused.",
              width=8),
        stat("Webhook answers", COUNT, ("min(fraudstream_webhook_answers{HERE})", "webhook"),
             "Whether the webhook answered when it was last sent alerts. NO: see that the receiver runs; alerts wait and go out by themselves once it is back. No value without ALERT_WEBHOOK_URL.",
             width=4, words={1: ("yes", GREEN), 0: ("NO", RED)}),
    ]),
])
