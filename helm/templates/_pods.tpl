{{/* What is the same in every pod. */}}

{{/* (root, component, user): the top of a pod's spec. Two of a kind on one node, or in one zone, only when there is no
other: a rule that insists would leave replicas unscheduled on a cluster of one node. */}}
{{- define "fraudstream.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false # a Service named kafka would become variables that look like ours
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      {{- range $key, $weight := dict "kubernetes.io/hostname" 100 "topology.kubernetes.io/zone" 50 }}
      - weight: {{ $weight }}
        podAffinityTerm:
          topologyKey: {{ $key }}
          labelSelector:
            matchLabels:
              {{- include "fraudstream.selector" $ | nindent 14 }}
      {{- end }}
{{- end -}}

{{- define "fraudstream.confined" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{/* User and group of our images. */}}
{{- define "fraudstream.user" -}}65532{{- end -}}

{{/* (root, database, webhook): Secrets of a program of ours as files, in volumes named after their owners. */}}
{{- define "fraudstream.secretVolumes" -}}
{{- $external := .root.Values.kafka.external -}}
{{- if not .root.Values.kafka.enabled -}}
{{- $sources := list -}}
{{- if hasPrefix "sasl_" $external.securityProtocol -}}
{{- $sources = append $sources (dict "name" $external.sasl.existingSecret "key" $external.sasl.passwordKey "path" "password") -}}
{{- end -}}
{{- if $external.ca.existingSecret -}}
{{- $sources = append $sources (dict "name" $external.ca.existingSecret "key" $external.ca.key "path" "ca.crt") -}}
{{- end -}}
{{- include "fraudstream.secretVolume" (dict "volume" "kafka" "sources" $sources) }}
{{ end -}}
{{- if .database -}}
{{- $secret := include "fraudstream.database.secret" .root | fromYaml -}}
{{- $sources := list (dict "name" $secret.name "key" $secret.password "path" "password") -}}
{{- with .root.Values.database.external.ca -}}
{{- if and (not $.root.Values.database.enabled) .existingSecret -}}
{{- $sources = append $sources (dict "name" .existingSecret "key" .key "path" "ca.crt") -}}
{{- end -}}
{{- end -}}
{{- include "fraudstream.secretVolume" (dict "volume" "database" "sources" $sources) }}
{{ end -}}
{{- if and .webhook .root.Values.webhook.existingSecret -}}
{{- $name := .root.Values.webhook.existingSecret -}}
{{- $sources := list (dict "name" $name "key" "url" "path" "url") -}}
{{- if .root.Values.webhook.tokenInSecret -}}
{{- $sources = append $sources (dict "name" $name "key" "token" "path" "token") -}}
{{- end -}}
{{- include "fraudstream.secretVolume" (dict "volume" "webhook" "sources" $sources) }}
{{ end -}}
{{- end -}}

{{- define "fraudstream.secretVolume" -}}
{{- with .sources -}}
- name: {{ $.volume }}
  projected:
    defaultMode: 0440
    sources:
      {{- range . }}
      - secret: { name: {{ .name }}, items: [{ key: {{ .key }}, path: {{ .path }} }] }
      {{- end }}
{{- end -}}
{{- end -}}

{{/* The same argument: where they are mounted. */}}
{{- define "fraudstream.secretMounts" -}}
{{- range include "fraudstream.secretVolumes" . | fromYamlArray }}
- { name: {{ .name }}, mountPath: /run/fraudstream/{{ .name }}, readOnly: true }
{{- end }}
{{- end -}}

{{/* The same argument with values: all volumes of a program of ours, the operator's own files last; and their mounts. */}}
{{- define "fraudstream.volumes" -}}
{{- include "fraudstream.secretVolumes" . | trim }}
{{- with concat .root.Values.extraVolumes .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "fraudstream.mounts" -}}
{{- include "fraudstream.secretMounts" . | trim }}
{{- with concat .root.Values.extraVolumeMounts .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* For a Prometheus that goes by annotations. */}}
{{- define "fraudstream.scraped" -}}
{{- if .Values.metrics.annotations -}}
prometheus.io/scrape: "true"
prometheus.io/port: "8080"
prometheus.io/path: /metrics
{{- end -}}
{{- end -}}
