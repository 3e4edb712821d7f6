{{/* The Secret of what is drawn once and kept: templates/generated.yaml. */}}
{{- define "fraudstream.generated" -}}
{{ include "fraudstream.fullname" . }}-generated
{{- end -}}

{{/* Whether there is a cluster to ask what was drawn before. `helm template` has none: to draw anew there would be to
change passwords at every rendering, so then the Secret is not rendered, and is as it was, or is yours to make. */}}
{{- define "fraudstream.hasCluster" -}}
{{- if hasKey (lookup "apps/v1" "StatefulSet" .Release.Namespace "") "items" }}yes{{ end -}}
{{- end -}}

{{/* 16 random bytes as Kafka writes them. A leading - would look like an option. */}}
{{- define "fraudstream.uuid" -}}
{{- $text := randBytes 16 | replace "+" "-" | replace "/" "_" | trimSuffix "==" -}}
{{- regexReplaceAll "^-" $text "A" -}}
{{- end -}}
