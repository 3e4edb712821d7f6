{{/* What every object's name starts with. 36 characters leave room for the longest name that is made of it. */}}
{{- define "fraudstream.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 36 | trimSuffix "-" -}}
{{- end -}}

{{/* (root, component): what selects pods. Never more than this: selectors cannot be changed. */}}
{{- define "fraudstream.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* (root, component): labels of every object. */}}
{{- define "fraudstream.labels" -}}
{{ include "fraudstream.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: fraudstream
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* (root, component): name and labels. */}}
{{- define "fraudstream.metadata" -}}
name: {{ include "fraudstream.fullname" .root }}-{{ .component }}
labels:
  {{- include "fraudstream.labels" . | nindent 2 }}
{{- end -}}

{{/* (root, component, annotations): a pod's labels and annotations. No version is in them: a new chart alone restarts
neither brokers nor database. */}}
{{- define "fraudstream.podMetadata" -}}
labels:
  {{- include "fraudstream.selector" . | nindent 2 }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
