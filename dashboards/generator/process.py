"""Processes: what runs, whether it is ready, what it takes, and what it sees of brokers and database."""

from .model import (
    BYTES, CORES, COUNT, GREEN, ORANGE, PER_SECOND, RED, SECONDS,
    Dashboard, Row, bars, graph, percentiles, stat, states, table,
)

RATE = "[$__rate_interval]"
# A Prometheus of a whole cluster knows the processes of others: ours are those with a build_info.
OURS = "* on (namespace, job, instance) group_left (service, version) fraudstream_build_info{HERE}"
KNOWN = "and on (namespace, job) last_over_time(fraudstream_build_info{HERE}[$__range])"
ANSWERS = {1: ("yes", GREEN), 0: ("NO", RED)}


def answering(dependency):
    return f'min(fraudstream_ready{{HERE, dependency="{dependency}"}})', dependency


DASHBOARD = Dashboard("process", "Processes", "What runs, whether it is ready, what it takes, and what it sees of brokers and database.", [
    Row("", 8, [
        stat("Replicas that answer", COUNT, (f"sum by (job) (up{{HERE}} {KNOWN})", "{{job}}"),
             "Replicas that Prometheus can scrape, of those seen in the shown time. 0: the process is gone or restarts, FraudstreamTargetDown; its container's log says why.",
             width=12, decimals=0, words={0: ("none", RED)}),
        states("Ready by dependency", ("min by (job, dependency) (fraudstream_ready{HERE})", "{{job}}: {{dependency}}"),
               "Whether each service reaches what it needs; red is not ready, and /readyz of the service says why in words. It recovers by itself once the dependency answers, unless a partition is halted.",
               {1: ("ready", GREEN), 0: ("NOT ready", RED)}, width=12),
    ]),
    Row("Brokers and database, as our programs see them", 8, [
        stat("Brokers answer", COUNT, answering("kafka"),
             "Whether every replica has its brokers. NO: see which replica under ready by dependency; all of them means the brokers, one of them means its network or a halted partition.",
             width=4, words=ANSWERS),
        stat("Database answers", COUNT, answering("database"),
             "Whether both sinks have their database. NO: nothing is stored and nothing is lost, payments wait in their topics; FraudstreamDatabaseUnreachable says what to do.",
             width=4, words=ANSWERS),
        graph("Commit at the brokers", SECONDS, percentiles("fraudstream_commit_seconds"),
              "How long the brokers take to commit a transaction: the best sign of their health that a client has. A rise: a broker is away, a disk is slow, or too few replicas are in sync."),
        graph("Calls made again", PER_SECOND, [
            (f'sum(rate(fraudstream_transactions_total{{HERE, outcome="recreated"}}{RATE}))', "transactions given up (brokers)"),
            (f'sum(rate(fraudstream_transactions_total{{HERE, outcome="aborted"}}{RATE}))', "transactions aborted (brokers)"),
            (f"sum(rate(fraudstream_database_retries_total{{HERE}}{RATE}))", "calls repeated (database)"),
        ], "What had to be done again because somebody did not answer. Zero on a quiet day; a steady rate points at the one that is named."),
    ]),
    Row("What they take", 9, [
        graph("CPU", CORES, (f"sum by (job, instance) (rate(process_cpu_seconds_total{{HERE}}{RATE}) {OURS})", "{{job}} {{instance}}"),
              "Cores in use, by replica. A replica at its limit is what lag comes from: add replicas, up to the number of partitions."),
        graph("Memory", BYTES, (f"sum by (job, instance) (process_resident_memory_bytes{{HERE}} {OURS})", "{{job}} {{instance}}"),
              "Resident memory, by replica. It is flat after a minute of load; a slope that lasts for hours is a leak, and worth an issue. The books grow slowly with the number of payments."),
        bars("Most memory ever", BYTES, (f"max by (job) (process_resident_memory_max_bytes{{HERE}} {OURS})", "{{job}}"),
             "Peak resident memory of the largest replica. Keep the container's limit half as much again above it."),
    ]),
    Row("", 8, [
        graph("Open files", COUNT, (f"sum by (job, instance) (process_open_fds{{HERE}} {OURS})", "{{job}} {{instance}}"),
              "Files and sockets, by replica. Some for each broker and database connection; a slope is a leak.", width=6),
        graph("Threads", COUNT, (f"sum by (job, instance) (process_threads{{HERE}} {OURS})", "{{job}} {{instance}}"),
              "Threads of the system, by replica. Fixed after the start: workers, librdkafka's own, one runtime; a slope is a leak.", width=6),
        graph("Time since the start", SECONDS, (f"time() - max by (job, instance) (process_start_time_seconds{{HERE}} {OURS})", "{{job}} {{instance}}"),
              "Age of each process. A line that falls to 0 is a restart; look at the log of the process before it.", width=6),
        stat("Restarts", COUNT, (f"sum by (job) (changes(process_start_time_seconds{{HERE}}[$__range]) {KNOWN})", "{{job}}"),
             "Restarts at the same address in the shown time. Any that nobody asked for: the log's last lines before it; a memory limit leaves none.",
             width=6, decimals=0, steps=((1, ORANGE), (5, RED))),
    ]),
    Row("", 8, [
        table("What runs", ("sum by (namespace, job, service, version) (fraudstream_build_info{HERE})", "{{job}}"),
              "Services and versions, one line each. Two versions of one job: a rollout is under way, or it is stuck.", width=12),
        graph("Time to scrape", SECONDS, (f"max by (job) (scrape_duration_seconds{{HERE}} {OURS})", "{{job}}"),
              "How long Prometheus waits for /metrics. Near the scrape timeout of 4 s the machine is starved, and gaps in all panels follow.",
              width=12, steps=((1, ORANGE), (4, RED))),
    ]),
])
