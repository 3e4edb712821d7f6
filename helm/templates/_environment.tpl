{{/* What each program is told. One definition for each component, made of rooms that several have. */}}

{{/* (root, component, values): the chart's variables, then everybody's, then the program's own. A name that comes
again replaces the one before: two of one name are an error to the API server. */}}
{{- define "fraudstream.environment" -}}
{{- $own := include (printf "fraudstream.environment.%s" .component) .root | fromYamlArray -}}
{{- include "fraudstream.merged" (concat $own .root.Values.extraEnv .values.extraEnv) -}}
{{- end -}}

{{/* A list of variables without names that come twice; the last one of each name, in the place of the first. */}}
{{- define "fraudstream.merged" -}}
{{- $last := dict -}}
{{- range . }}{{- $_ := set $last .name . }}{{- end -}}
{{- $names := list -}}
{{- range . }}{{- $names = append $names .name }}{{- end -}}
{{- range uniq $names }}
- {{ get $last . | toYaml | nindent 2 | trim }}
{{- end -}}
{{- end -}}

{{/* A number as people write it. Those of a values file are floating point, and large ones would come out as 2.0240101e+07. */}}
{{- define "fraudstream.number" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{- define "fraudstream.environment.payment-producer" -}}
{{ include "fraudstream.environment.process" . }}
{{ include "fraudstream.environment.kafka" . }}
{{ include "fraudstream.environment.creation" . }}
{{ include "fraudstream.environment.topics" (dict "root" . "names" (list "payments")) }}
{{- with .Values.paymentProducer }}
- { name: PRODUCER_RATE_PER_SECOND, value: {{ include "fraudstream.number" .ratePerSecond | quote }} }
- { name: PRODUCER_COUNT, value: {{ .count | int64 | quote }} }
- { name: PRODUCER_TIME_ZONE, value: {{ .timeZone | quote }} }
{{- if ne (toString .seed) "" }}
- { name: PRODUCER_SEED, value: {{ include "fraudstream.number" .seed | quote }} }
{{- end }}
{{- end }}
{{- end -}}

{{- define "fraudstream.environment.fraud-detector" -}}
{{ include "fraudstream.environment.process" . }}
{{ include "fraudstream.environment.kafka" . }}
{{ include "fraudstream.environment.creation" . }}
{{ include "fraudstream.environment.topics" (dict "root" . "names" (list "payments" "fraud" "legit" "dlq")) }}
{{- with .Values.fraudDetector }}
- { name: KAFKA_GROUP_ID, value: {{ .groupId | quote }} }
- { name: DETECTOR_COMMIT_INTERVAL_MS, value: {{ .commitIntervalMs | int64 | quote }} }
- { name: DETECTOR_DEAD_LETTER_LIMIT, value: {{ .deadLetterLimit | int64 | quote }} }
{{- end }}
# The pod's name and not the host's, which is cut off at 63 characters: it outlives a crash of the container, so that what
# it left open is fenced at once, and no two pods ever have the same.
- { name: DETECTOR_INSTANCE, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
{{- end -}}

{{- define "fraudstream.environment.fraud-processor" -}}
{{ include "fraudstream.environment.process" . }}
{{ include "fraudstream.environment.kafka" . }}
{{ include "fraudstream.environment.creation" . }}
{{ include "fraudstream.environment.topics" (dict "root" . "names" (list "fraud")) }}
- { name: KAFKA_GROUP_ID, value: {{ .Values.fraudProcessor.groupId | quote }} }
{{ include "fraudstream.environment.database" . }}
{{- with .Values.webhook }}{{ if .existingSecret }}
- { name: ALERT_WEBHOOK_URL_FILE, value: /run/fraudstream/webhook/url }
{{- if .tokenInSecret }}
- { name: ALERT_WEBHOOK_TOKEN_FILE, value: /run/fraudstream/webhook/token }
{{- end }}
- { name: ALERT_WEBHOOK_TIMEOUT_MS, value: {{ .timeoutMs | int64 | quote }} }
{{- end }}{{ end }}
{{- end -}}

{{- define "fraudstream.environment.legit-processor" -}}
{{ include "fraudstream.environment.process" . }}
{{ include "fraudstream.environment.kafka" . }}
{{ include "fraudstream.environment.creation" . }}
{{ include "fraudstream.environment.topics" (dict "root" . "names" (list "legit")) }}
- { name: KAFKA_GROUP_ID, value: {{ .Values.legitProcessor.groupId | quote }} }
{{ include "fraudstream.environment.database" . }}
{{- end -}}

{{- define "fraudstream.environment.books" -}}
{{ include "fraudstream.environment.process" . }}
{{ include "fraudstream.environment.audit" . }}
- { name: AUDIT_INTERVAL_MS, value: {{ .Values.books.intervalMs | int64 | quote }} }
{{- end -}}

{{- define "fraudstream.environment.audit" -}}
{{ include "fraudstream.environment.kafka" . }}
{{ include "fraudstream.environment.topics" (dict "root" . "names" (list "payments" "fraud" "legit" "dlq")) }}
- { name: AUDIT_DETECTOR_GROUP, value: {{ .Values.fraudDetector.groupId | quote }} }
{{ include "fraudstream.environment.database" . }}
{{- end -}}

{{/* --- rooms --- */}}

{{- define "fraudstream.environment.process" -}}
- { name: LOG_LEVEL, value: {{ .Values.log.level | quote }} }
- { name: LOG_FORMAT, value: {{ .Values.log.format | quote }} }
- { name: SHUTDOWN_DEADLINE_MS, value: {{ .Values.shutdownDeadlineMs | int64 | quote }} }
{{- end -}}

{{- define "fraudstream.environment.kafka" -}}
- { name: KAFKA_BOOTSTRAP_SERVERS, value: {{ include "fraudstream.kafka.bootstrap" . | quote }} }
{{- if not .Values.kafka.enabled }}
{{- with .Values.kafka.external }}
- { name: KAFKA_SECURITY_PROTOCOL, value: {{ .securityProtocol | quote }} }
{{- if hasPrefix "sasl_" .securityProtocol }}
- { name: KAFKA_SASL_MECHANISM, value: {{ .sasl.mechanism | quote }} }
- { name: KAFKA_SASL_USERNAME, value: {{ .sasl.username | quote }} }
- { name: KAFKA_SASL_PASSWORD_FILE, value: /run/fraudstream/kafka/password }
{{- end }}
{{- if .ca.existingSecret }}
- { name: KAFKA_SSL_CA_FILE, value: /run/fraudstream/kafka/ca.crt }
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "fraudstream.environment.creation" -}}
{{- $copies := include "fraudstream.kafka.copies" . | fromYaml -}}
- { name: TOPIC_CREATE, value: {{ .Values.topics.create | quote }} }
- { name: TOPIC_PARTITIONS, value: {{ .Values.topics.partitions | int64 | quote }} }
- { name: TOPIC_REPLICATION_FACTOR, value: {{ $copies.factor | quote }} }
- { name: TOPIC_MIN_INSYNC_REPLICAS, value: {{ $copies.inSync | quote }} }
{{- end -}}

{{/* (root, names) */}}
{{- define "fraudstream.environment.topics" -}}
{{- $topics := .root.Values.topics -}}
{{- $of := dict "payments" $topics.payments "fraud" $topics.fraud "legit" $topics.legit "dlq" $topics.deadLetters -}}
{{- range .names }}
- { name: TOPIC_{{ upper . }}, value: {{ get $of . | quote }} }
{{- end }}
{{- end -}}

{{- define "fraudstream.environment.database" -}}
- { name: DATABASE_URL, value: {{ include "fraudstream.database.url" . | quote }} }
- { name: DATABASE_PASSWORD_FILE, value: /run/fraudstream/database/password }
{{- if and (not .Values.database.enabled) .Values.database.external.ca.existingSecret }}
- { name: DATABASE_SSL_CA_FILE, value: /run/fraudstream/database/ca.crt }
{{- end }}
{{- end -}}
