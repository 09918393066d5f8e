{{/* root; of: postgres or rabbitmq */}}
{{- define "data.labels" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .of }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* Where backups are: root, server. */}}
{{- define "data.objectStore" -}}
{{- $backup := .root.Values.postgres.backup }}
destinationPath: {{ $backup.destination }}
{{- with $backup.endpoint }}
endpointURL: {{ . }}
{{- end }}
serverName: {{ .server }}
s3Credentials:
  accessKeyId: {name: {{ $backup.secret }}, key: ACCESS_KEY_ID}
  secretAccessKey: {name: {{ $backup.secret }}, key: ACCESS_SECRET_KEY}
wal: {compression: gzip, maxParallel: 4}
data: {compression: gzip}
{{- end }}

{{/* The label of what may be lost whole. */}}
{{- define "data.apart" -}}
{{ get (dict "node" "kubernetes.io/hostname" "zone" "topology.kubernetes.io/zone") .Values.apart }}
{{- end }}
