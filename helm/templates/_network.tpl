{{/* Who may talk to whom. Ports without a protocol are TCP. */}}

{{/* (root) */}}
{{- define "fraudstream.egress.dns" -}}
{{- with .root.Values.networkPolicy.dns -}}
- ports: [{{ range $i, $port := .ports }}{{ if $i }}, {{ end }}{ port: {{ int $port }}, protocol: UDP }, { port: {{ int $port }}, protocol: TCP }{{ end }}]
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* (root, component): a peer. */}}
{{- define "fraudstream.peer" -}}
podSelector: { matchLabels: {{ include "fraudstream.selector" . | fromYaml | toJson }} }
{{- end -}}

{{/* (root, components): what selects the pods, or the Services, of several. */}}
{{- define "fraudstream.selectorOfSeveral" -}}
matchLabels: {{ omit (include "fraudstream.selector" (dict "root" .root "component" "") | fromYaml) "app.kubernetes.io/component" | toJson }}
matchExpressions: [{ key: app.kubernetes.io/component, operator: In, values: {{ toJson .components }} }]
{{- end -}}

{{/* The same: a peer. */}}
{{- define "fraudstream.peers" -}}
podSelector:
  {{- include "fraudstream.selectorOfSeveral" . | nindent 2 }}
{{- end -}}

{{/* (to, ports): a rule of egress. */}}
{{- define "fraudstream.egress.rule" -}}
- ports: [{{ range $i, $port := .ports }}{{ if $i }}, {{ end }}{ port: {{ int $port }} }{{ end }}]
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* (root, database, webhook): what a program of ours needs: names, brokers, and perhaps database and webhook. */}}
{{- define "fraudstream.egress" -}}
{{ include "fraudstream.egress.dns" . }}
{{- $values := .root.Values }}
{{- if $values.kafka.enabled }}
- to: [{ {{ include "fraudstream.peer" (dict "root" .root "component" "kafka") }} }]
  ports: [{ port: 9092 }]
{{- else }}
{{ include "fraudstream.egress.rule" (dict "to" $values.kafka.external.egress.to "ports" (include "fraudstream.kafka.externalPorts" .root | fromJsonArray)) }}
{{- end }}
{{- if .database }}
{{- if $values.database.enabled }}
- to: [{ {{ include "fraudstream.peer" (dict "root" .root "component" "mysql") }} }]
  ports: [{ port: 3306 }]
{{- else }}
{{ include "fraudstream.egress.rule" (dict "to" $values.database.external.egress.to "ports" ($values.database.external.egress.ports | default (list $values.database.external.port))) }}
{{- end }}
{{- end }}
{{- if and .webhook $values.webhook.existingSecret }}
{{ include "fraudstream.egress.rule" (dict "to" $values.webhook.egress.to "ports" $values.webhook.egress.ports) }}
{{- end }}
{{- end -}}
