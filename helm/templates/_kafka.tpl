{{/* Where brokers are and what they can keep. */}}

{{/* Every broker by its own name: there before any of them is ready, and one that is away hides no other. */}}
{{- define "fraudstream.kafka.bootstrap" -}}
{{ include "fraudstream.kafka.addresses" (dict "root" . "domain" "") }}
{{- end -}}

{{/* The same for whoever is in another namespace. */}}
{{- define "fraudstream.kafka.bootstrapFromOutside" -}}
{{ include "fraudstream.kafka.addresses" (dict "root" . "domain" (printf ".%s.svc" .Release.Namespace)) }}
{{- end -}}

{{/* (root, domain that follows each name) */}}
{{- define "fraudstream.kafka.addresses" -}}
{{- $domain := .domain -}}
{{- with .root -}}
{{- if .Values.kafka.enabled -}}
{{- $name := printf "%s-kafka" (include "fraudstream.fullname" .) -}}
{{- range $i := until (int .Values.kafka.replicas) -}}
{{- if $i }},{{ end }}{{ $name }}-{{ $i }}.{{ $name }}{{ $domain }}:9092
{{- end -}}
{{- else -}}
{{ .Values.kafka.external.bootstrapServers }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Copies of a topic's records that are made, and that must be there before a record counts. */}}
{{- define "fraudstream.kafka.copies" -}}
{{- $factor := -1 -}}{{- $inSync := -1 -}}
{{- if .Values.kafka.enabled -}}
{{- $factor = int .Values.kafka.replicas -}}
{{- $inSync = ternary 2 1 (eq $factor 3) -}}
{{- end -}}
factor: {{ include "fraudstream.given" (list .Values.topics.replicationFactor $factor) }}
inSync: {{ include "fraudstream.given" (list .Values.topics.minInsyncReplicas $inSync) }}
{{- end -}}

{{/* (value, otherwise): 0 and false are values. */}}
{{- define "fraudstream.given" -}}
{{- if kindIs "invalid" (first .) }}{{ last . }}{{ else }}{{ first . | int64 }}{{ end -}}
{{- end -}}

{{/* The size of a volume or of memory in MiB, in whatever unit: claims have those of whoever enlarged them, and the API server
keeps fractions in thousandths of a byte. */}}
{{- define "fraudstream.mebibytes" -}}
{{- $size := toString . -}}
{{- $unit := regexFind "[A-Za-z]*$" $size -}}
{{- $bytes := dict "m" 0.001 "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- if not (hasKey $bytes $unit) }}{{ fail (printf "a size is %s: give it in Mi, Gi or Ti" $size) }}{{ end -}}
{{ divf (mulf (trimSuffix $unit $size | float64) (get $bytes $unit)) 1048576 | int64 }}
{{- end -}}

{{/*
How many MiB one partition may keep. Every broker has a copy of every partition of payments and both outputs; together
they get three quarters of the volume, the rest is for dead letters, offsets, transactions and the cluster's own log.
What is deleted are whole segments, so each partition has one more than it keeps.
*/}}
{{- define "fraudstream.kafka.retentionMiB" -}}
{{- $volume := include "fraudstream.mebibytes" .Values.kafka.persistence.size | int64 -}}
{{- $partitions := mul 3 (.Values.topics.partitions | int64) -}}
{{- $keep := sub (div (mul $volume 3) (mul 4 $partitions)) (.Values.kafka.segmentMiB | int64) -}}
{{- if lt $keep (.Values.kafka.segmentMiB | int64) -}}
{{- fail (printf "kafka.persistence.size=%s is too small: three topics of %d partitions with segments of %d MiB need %d MiB" .Values.kafka.persistence.size (.Values.topics.partitions | int64) (.Values.kafka.segmentMiB | int64) (div (mul 8 $partitions (.Values.kafka.segmentMiB | int64)) 3)) -}}
{{- end -}}
{{ $keep }}
{{- end -}}

{{/* Ports of the external brokers that a NetworkPolicy lets through. */}}
{{- define "fraudstream.kafka.externalPorts" -}}
{{- $ports := .Values.kafka.external.egress.ports -}}
{{- if not $ports -}}
{{- range splitList "," .Values.kafka.external.bootstrapServers -}}
{{- $ports = append $ports (regexFind "[0-9]+$" . | int) -}}
{{- end -}}
{{- end -}}
{{ $ports | uniq | toJson }}
{{- end -}}
