{{/*
Our programs, in the order that payments take: component, its key in the values, program, and what it needs.
*/}}
{{- define "fraudstream.programs" -}}
- { component: payment-producer, key: paymentProducer, program: payment-producer }
- { component: fraud-detector, key: fraudDetector, program: fraud-detector, consumes: payments }
- { component: fraud-processor, key: fraudProcessor, program: fraud-processor, consumes: fraud, database: true }
- { component: legit-processor, key: legitProcessor, program: legit-processor, consumes: legit, database: true }
- { component: books, key: books, program: fraudstream, arguments: [audit, --follow], database: true, alone: true }
{{- end -}}

{{/* Those that are not switched off, each with its `values`. */}}
{{- define "fraudstream.running" -}}
{{- $root := . -}}
{{- range include "fraudstream.programs" . | fromYamlArray }}
{{- $values := get $root.Values .key }}
{{- if dig "enabled" true $values }}
- {{ merge (dict "values" $values) . | toJson }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "fraudstream.image" -}}
{{- with .root.Values.image -}}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}/{{ $.program }}:{{ .tag | default $.root.Chart.AppVersion }}{{ with get .digests $.program }}@{{ . }}{{ end }}
{{- end -}}
{{- end -}}
