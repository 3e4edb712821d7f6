{{/* Every replica that DNS knows, under the name of its program, as docker-compose.yml does it. */}}
{{- define "fraudstream.prometheus.config" -}}
global:
  scrape_interval: {{ .Values.prometheus.scrapeInterval }}
  scrape_timeout: {{ .Values.prometheus.scrapeInterval }}
  evaluation_interval: {{ .Values.prometheus.scrapeInterval }}
rule_files: [/etc/prometheus/alerts.yml, /etc/prometheus/recording.yml]
scrape_configs:
  {{- range include "fraudstream.running" . | fromYamlArray }}
  - job_name: {{ .component }}
    dns_sd_configs: [{ names: [{{ include "fraudstream.fullname" $ }}-{{ .component }}], type: A, port: 8080, refresh_interval: 5s }]
    relabel_configs: [{ target_label: namespace, replacement: {{ $.Release.Namespace }} }]
  {{- end }}
{{- end -}}
