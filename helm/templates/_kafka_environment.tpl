{{/*
The brokers' configuration. The image takes its packaged one only when no property is set here, so this is all of it.
*/}}
{{- define "fraudstream.kafka.environment" -}}
{{- $name := printf "%s-kafka" (include "fraudstream.fullname" .) -}}
{{- $replicas := int .Values.kafka.replicas -}}
{{- $inSync := ternary 2 1 (eq $replicas 3) -}}
{{- $voters := list -}}
{{- range $i := until $replicas }}{{- $voters = append $voters (printf "%d@%s-%d.%s:9093" $i $name $i $name) }}{{- end -}}
# A broker refuses a volume of another cluster.
- name: CLUSTER_ID
  {{- if .Values.kafka.clusterId }}
  value: {{ .Values.kafka.clusterId | quote }}
  {{- else }}
  valueFrom: { secretKeyRef: { name: {{ include "fraudstream.generated" . }}, key: kafka-cluster-id } }
  {{- end }}
- { name: KAFKA_HEAP_OPTS, value: "-Xms{{ .Values.kafka.heap }} -Xmx{{ .Values.kafka.heap }}" }
- { name: EXTRA_ARGS, value: "" } # no files of garbage collection logs inside the container
# A broker that comes back has another address; Java would remember the old one for 30 s, and for 10 s that there is none.
- { name: KAFKA_OPTS, value: "-Dsun.net.inetaddr.ttl=5 -Dsun.net.inetaddr.negative.ttl=0" }

# Those that others refer to come first.
- { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
- { name: KAFKA_NODE_ID, valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } }
- { name: KAFKA_PROCESS_ROLES, value: "broker,controller" }
- { name: KAFKA_CONTROLLER_QUORUM_VOTERS, value: {{ join "," $voters | quote }} }
- { name: KAFKA_CONTROLLER_LISTENER_NAMES, value: CONTROLLER }
- { name: KAFKA_INTER_BROKER_LISTENER_NAME, value: CLIENT }
- { name: KAFKA_LISTENERS, value: "CLIENT://:9092,CONTROLLER://:9093" }
- { name: KAFKA_ADVERTISED_LISTENERS, value: "CLIENT://$(POD_NAME).{{ $name }}.$(POD_NAMESPACE).svc:9092" }
- { name: KAFKA_LISTENER_SECURITY_PROTOCOL_MAP, value: "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT" }

# A subdirectory: a file system of its own has a lost+found at the top, which no broker survives.
- { name: KAFKA_LOG_DIRS, value: /var/lib/kafka/data/broker }
- { name: KAFKA_LOG_MESSAGE_TIMESTAMP_AFTER_MAX_MS, value: "86400000" } # a producer's clock may be hours ahead
- { name: KAFKA_NUM_PARTITIONS, value: {{ .Values.topics.partitions | int64 | quote }} } # whoever makes a topic first
- { name: KAFKA_LOG_SEGMENT_BYTES, value: {{ mul .Values.kafka.segmentMiB 1048576 | quote }} }
- { name: KAFKA_LOG_RETENTION_HOURS, value: {{ .Values.kafka.retentionHours | int64 | quote }} }
- { name: KAFKA_LOG_RETENTION_BYTES, value: {{ mul (include "fraudstream.kafka.retentionMiB" .) 1048576 | quote }} }
# Kafka's five minutes are long enough for a busy partition to outgrow its share of the volume.
- { name: KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS, value: "30000" }
# The cluster's own log would keep a segment of 1 GiB, and each of the 100 partitions in which Kafka keeps positions and
# transactions one of 100 MiB before it is cleaned.
- { name: KAFKA_METADATA_LOG_SEGMENT_BYTES, value: "67108864" }
- { name: KAFKA_OFFSETS_TOPIC_SEGMENT_BYTES, value: "16777216" }
- { name: KAFKA_TRANSACTION_STATE_LOG_SEGMENT_BYTES, value: "16777216" }

# Copies of everything, and no record is acknowledged before enough brokers have it. Transactions are only as safe as the
# topics that Kafka keeps them in.
- { name: KAFKA_DEFAULT_REPLICATION_FACTOR, value: "{{ $replicas }}" }
- { name: KAFKA_MIN_INSYNC_REPLICAS, value: "{{ $inSync }}" }
- { name: KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR, value: "{{ $replicas }}" }
- { name: KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR, value: "{{ $replicas }}" }
- { name: KAFKA_TRANSACTION_STATE_LOG_MIN_ISR, value: "{{ $inSync }}" }
- { name: KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR, value: "{{ $replicas }}" }
- { name: KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR, value: "{{ $inSync }}" }

# On few and busy cores a healthy controller is easily silent for longer than Kafka's 2 s, and an election that nobody
# needed costs 5 to 25 s. The price: 14 s until the cluster goes on after the active controller was killed.
- { name: KAFKA_CONTROLLER_QUORUM_FETCH_TIMEOUT_MS, value: "5000" }
- { name: KAFKA_CONTROLLER_QUORUM_ELECTION_TIMEOUT_MS, value: "3000" }
- { name: KAFKA_CONTROLLER_QUORUM_REQUEST_TIMEOUT_MS, value: "4000" }
# A broker that finds no quorum in time ends itself; Kafka's minute is short where images are pulled first.
- { name: KAFKA_INITIAL_BROKER_REGISTRATION_TIMEOUT_MS, value: "300000" }
# Long enough to collect replicas that start together, shorter than Kafka's 3 s for those who wait.
- { name: KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS, value: "1000" }
{{- end -}}

{{/* To the console alone: the packaged one writes files. */}}
{{- define "fraudstream.kafka.log4j" -}}
Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout: { pattern: "[%d] %p %m (%c)%n" }
  Loggers:
    Root: { level: INFO, AppenderRef: { ref: STDOUT } }
{{- end -}}
