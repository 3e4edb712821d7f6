{{/* (root, component): one pod at a time is taken away for maintenance. Where there is but one, it may be taken: what it
would have done waits. */}}
{{- define "fraudstream.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "fraudstream.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow # one that is not ready serves nobody, and must not hold up a drain
  selector:
    matchLabels:
      {{- include "fraudstream.selector" . | nindent 6 }}
{{- end -}}
