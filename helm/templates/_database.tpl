{{/* Where the database is and who knows its password. */}}

{{- define "fraudstream.database.url" -}}
{{- $host := printf "%s-mysql:3306" (include "fraudstream.fullname" .) -}}
{{- with .Values.database -}}
{{- if not .enabled }}{{ $host = printf "%s:%d" .external.host (int .external.port) }}{{ end -}}
mysql://{{ .user }}@{{ $host }}/{{ .name }}
{{- end -}}
{{- end -}}

{{/* Name of the Secret, and its keys. */}}
{{- define "fraudstream.database.secret" -}}
{{- if .Values.database.existingSecret -}}
{ name: {{ .Values.database.existingSecret }}, password: password, rootPassword: root-password }
{{- else -}}
{ name: {{ include "fraudstream.generated" . }}, password: mysql-password, rootPassword: mysql-root-password }
{{- end -}}
{{- end -}}
