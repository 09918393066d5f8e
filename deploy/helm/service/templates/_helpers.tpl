{{/* The service's own name: of this chart's alias, or as it is told where the chart is used alone. */}}
{{- define "service.service" -}}
{{- $service := .Values.service | default .Chart.Name }}
{{- if not (has $service (list "intake" "dispatch" "sla" "feedback" "knowledge")) }}
{{- fail "service: say which one this is: intake, dispatch, sla, feedback or knowledge" }}
{{- end }}
{{- $service }}
{{- end }}

{{- define "service.name" -}}{{ .Release.Name }}-{{ include "service.service" . }}{{- end }}

{{/* Who calls whom on the internal port: caller -> called. The code's own order, so it stands here and not in the values. */}}
{{- define "service.calls" -}}
dispatch: [intake]
{{- end }}

{{- define "service.labels" -}}
app.kubernetes.io/name: {{ include "service.service" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: hotline
app.kubernetes.io/version: {{ .Values.global.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* root: the chart's context; component: serve, listen, pump, migrate or check. */}}
{{- define "service.selector" -}}
app.kubernetes.io/name: {{ include "service.service" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "service.databaseSecret" -}}
{{ .Values.database.secret | default (printf "%s-database" (include "service.name" .)) }}
{{- end }}

{{- define "service.keysSecret" -}}
{{ .Values.keys.secret | default (printf "%s-keys" (include "service.name" .)) }}
{{- end }}

{{- define "service.tlsSecret" -}}
{{ .Values.tls.secret | default (printf "%s-tls" (include "service.name" .)) }}
{{- end }}

{{/* People wait for what serve answers; the rest works behind it. */}}
{{- define "service.priorityClass" -}}
{{- $kind := eq .component "serve" | ternary "answer" "work" }}
{{- $class := .root.Values.global.priorityClasses }}
{{- get $class $kind | default ($class.create | ternary (printf "%s-%s-%s" .root.Release.Namespace .root.Release.Name $kind) "") }}
{{- end }}

{{/* What every pod of ours has, whatever it runs. root, component, wait: seconds from SIGTERM to SIGKILL. */}}
{{- define "service.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false  # a Service's variables could be taken for settings, and an unknown one stops the start
terminationGracePeriodSeconds: {{ .wait }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.global.nodes.selector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.global.nodes.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* One container of the service. root, component, arguments: its command line. The Job runs before there are certificates. */}}
{{- define "service.container" -}}
{{- $global := .root.Values.global }}
{{- $service := include "service.service" .root }}
{{- $migrates := eq .component "migrate" }}
- name: {{ .component }}
  image: "{{ $global.image.repository }}/{{ $service }}:{{ $global.image.tag | default .root.Chart.AppVersion }}"
  imagePullPolicy: {{ $global.image.pullPolicy }}
  args: {{ .arguments | toJson }}
  env:
    - {name: HOTLINE_ENVIRONMENT, value: cluster}
    - {name: HOTLINE_PROFILE, value: {{ $global.profile }}}
    - {name: HOTLINE_MODE, value: {{ $global.mode }}}
    - name: HOTLINE_DATABASE_URL
      valueFrom: {secretKeyRef: {name: {{ include "service.databaseSecret" .root }}, key: {{ .root.Values.database.key }}}}
    - name: HOTLINE_BROKER_URL
      valueFrom: {secretKeyRef: {name: {{ $global.broker.secret }}, key: {{ $global.broker.key }}}}
    {{- if $global.broker.caSecret }}
    - {name: HOTLINE_BROKER_CA, value: /etc/hotline/broker/ca.crt}
    {{- end }}
    {{- if not $migrates }}
    - {name: HOTLINE_LISTEN_ADDRESS, value: "0.0.0.0:8443"}
    - {name: HOTLINE_INTERNAL_ADDRESS, value: "0.0.0.0:8444"}
    {{- if eq .component "serve" }}
    - {name: HOTLINE_HEALTH_ADDRESS, value: "0.0.0.0:8445"}
    {{- end }}
    - {name: HOTLINE_METRICS_PORT, value: "9000"}
    - {name: HOTLINE_TLS_CERTIFICATE, value: /etc/hotline/tls/tls.crt}
    - {name: HOTLINE_TLS_KEY, value: /etc/hotline/tls/tls.key}
    - {name: HOTLINE_TLS_CA, value: /etc/hotline/tls/ca.crt}
    - {name: HOTLINE_AUDIT_KEY, value: /etc/hotline/keys/audit.pem}
    {{- if has $service (list "intake" "dispatch" "feedback") }}
    - {name: HOTLINE_VAULT_KEY, value: /etc/hotline/keys/vault}
    {{- end }}
    {{- if eq $service "dispatch" }}
    - {name: HOTLINE_COUNTY_KEY, value: /etc/hotline/keys/county}
    {{- end }}
    {{- if eq $service "intake" }}
    - {name: HOTLINE_VAULT_LOOKUP_KEY, value: /etc/hotline/keys/lookup}
    {{- end }}
    {{- range index (include "service.calls" .root | fromYaml) $service }}
    - {name: HOTLINE_{{ upper . }}_ADDRESS, value: "{{ $.root.Release.Name }}-{{ . }}:8444"}
    {{- end }}
    - {name: HOTLINE_OIDC_ISSUER, value: {{ $global.oidc.issuer | quote }}}
    {{- end }}
    - {name: HOTLINE_OIDC_AUDIENCE, value: {{ $global.oidc.audience | quote }}}
    # Longer than the longest call (60 s), so that none is cut off; the others are done with what they have in hand sooner.
    - {name: HOTLINE_DRAIN_SECONDS, value: {{ eq .component "serve" | ternary "65" "20" | quote }}}
    {{- with $global.traces.endpoint }}
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
    {{- if $global.database.caSecret }}
    - {name: database-ca, mountPath: /etc/hotline/database, readOnly: true}
    {{- end }}
    {{- if $global.broker.caSecret }}
    - {name: broker-ca, mountPath: /etc/hotline/broker, readOnly: true}
    {{- end }}
    {{- if not $migrates }}
    - {name: tls, mountPath: /etc/hotline/tls, readOnly: true}
    - {name: keys, mountPath: /etc/hotline/keys, readOnly: true}
    {{- end }}
    - {name: tmp, mountPath: /tmp}
{{- end }}

{{/* root, component. Of the authorities the certificate alone is mounted: their Secrets may hold keys, too. */}}
{{- define "service.volumes" -}}
{{- range $name := list "database" "broker" }}
{{- with (get $.root.Values.global $name).caSecret }}
- name: {{ $name }}-ca
  secret: {secretName: {{ . }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}
{{- if ne .component "migrate" }}
- name: tls
  secret: {secretName: {{ include "service.tlsSecret" .root }}, defaultMode: 0440}
- name: keys
  secret: {secretName: {{ include "service.keysSecret" .root }}, defaultMode: 0440}
{{- end }}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end }}

{{/* One of the three workloads. root, component, ports, startup, readiness and liveness: probes; wait; pause: before SIGTERM. */}}
{{- define "service.workload" -}}
{{- $root := .root }}
{{- $replicas := int (get $root.Values.replicas .component) }}
{{- $scales := include "service.scales" . | eq "true" }}
{{- if or $scales (gt $replicas 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "service.name" $root }}-{{ .component }}
  labels:
    {{- include "service.labels" $root | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "service.selector" . | nindent 6 }}
---
{{- end }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "service.name" $root }}-{{ .component }}
  labels:
    {{- include "service.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  {{- if not $scales }}
  replicas: {{ $replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  # The new pod works before an old one goes.
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "service.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "service.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
    spec:
      serviceAccountName: {{ include "service.name" $root }}
      {{- include "service.pod" . | nindent 6 }}
      {{- with include "service.priorityClass" . }}
      priorityClassName: {{ . }}
      {{- end }}
      topologySpreadConstraints:
        {{- range $key, $spread := dict "kubernetes.io/hostname" $root.Values.global.spread.nodes "topology.kubernetes.io/zone" $root.Values.global.spread.zones }}
        - maxSkew: 1
          topologyKey: {{ $key }}
          whenUnsatisfiable: {{ $spread }}
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              {{- include "service.selector" $ | nindent 14 }}
        {{- end }}
      containers:
        {{- include "service.container" . | nindent 8 }}
          ports:
            {{- range $name, $port := .ports }}
            - {name: {{ $name }}, containerPort: {{ $port }}, protocol: TCP}
            {{- end }}
            - {name: metrics, containerPort: 9000, protocol: TCP}
          startupProbe:
            {{- toYaml .ready | nindent 12 }}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 60
          readinessProbe:
            {{- toYaml .ready | nindent 12 }}
            periodSeconds: 5
            timeoutSeconds: 2
          # Not alive means that the process is wedged; it never asks PostgreSQL or RabbitMQ.
          livenessProbe:
            httpGet: {path: /healthz, port: metrics}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          {{- with .pause }}
          lifecycle:
            # Until the others know that this pod goes.
            preStop: {sleep: {seconds: {{ . }}}}
          {{- end }}
          resources:
            {{- get $root.Values.resources .component | toYaml | nindent 12 }}
      volumes:
        {{- include "service.volumes" . | nindent 8 }}
{{- end }}

{{/* Whether the number of a workload's pods is left to an autoscaler. */}}
{{- define "service.scales" -}}
{{- $scaling := get .root.Values.autoscaling .component | default dict }}
{{- $more := gt (int $scaling.max) (int (get .root.Values.replicas .component)) }}
{{- $able := eq .component "serve" | ternary true (and (.root.Capabilities.APIVersions.Has "keda.sh/v1alpha1") (not (empty .root.Values.global.prometheus.address))) }}
{{- and $more $able }}
{{- end }}
