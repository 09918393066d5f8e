{{- define "service.name" -}}{{ .Release.Name }}-{{ .Values.service }}{{- end }}

{{- define "service.labels" -}}
app.kubernetes.io/name: {{ .Values.service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: hotline
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .root.Values.service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "service.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* One container of the service. component: serve, listen, pump or migrate; arguments: its command line. */}}
{{- define "service.container" -}}
- name: {{ .component }}
  image: "{{ .root.Values.image.repository }}/{{ .root.Values.service }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: {{ .arguments | toJson }}
  env:
    - {name: HOTLINE_ENVIRONMENT, value: cluster}
    - {name: HOTLINE_PROFILE, value: {{ .root.Values.profile | quote }}}
    - name: HOTLINE_DATABASE_URL
      valueFrom: {secretKeyRef: {name: {{ .root.Values.connectionSecret }}, key: database-url}}
    - name: HOTLINE_BROKER_URL
      valueFrom: {secretKeyRef: {name: {{ .root.Values.connectionSecret }}, key: broker-url}}
    - {name: HOTLINE_LISTEN_ADDRESS, value: "0.0.0.0:8443"}
    - {name: HOTLINE_INTERNAL_ADDRESS, value: "0.0.0.0:8444"}
    - {name: HOTLINE_METRICS_PORT, value: "9000"}
    - {name: HOTLINE_TLS_CERTIFICATE, value: /etc/hotline/tls/tls.crt}
    - {name: HOTLINE_TLS_KEY, value: /etc/hotline/tls/tls.key}
    - {name: HOTLINE_TLS_CA, value: /etc/hotline/tls/ca.crt}
    - {name: HOTLINE_AUDIT_KEY, value: /etc/hotline/keys/audit.pem}
    - {name: HOTLINE_OIDC_ISSUER, value: {{ .root.Values.oidc.issuer | quote }}}
    - {name: HOTLINE_OIDC_AUDIENCE, value: {{ .root.Values.oidc.audience | quote }}}
    {{- with .root.Values.otlpEndpoint }}
    - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
    {{- end }}
    {{- range $name, $value := .root.Values.settings }}
    - {name: HOTLINE_{{ $name }}, value: {{ $value | quote }}}
    {{- end }}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  volumeMounts:
    - {name: tls, mountPath: /etc/hotline/tls, readOnly: true}
    - {name: keys, mountPath: /etc/hotline/keys, readOnly: true}
    - {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "service.volumes" -}}
- name: tls
  secret: {secretName: {{ .Values.tlsSecret }}, defaultMode: 0440}
- name: keys
  secret: {secretName: {{ .Values.keySecret }}, defaultMode: 0440}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}
