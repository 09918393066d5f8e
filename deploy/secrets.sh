#!/bin/sh
# Prints the Secrets that a hotline needs, new ones each time: passwords of its databases and the services' own keys.
# Keep what it prints where you keep keys, apart from every backup: without them nothing that a citizen brought can be read.
# Usage: sh deploy/secrets.sh NAME NAMESPACE [SERVICE…] > secrets.yaml     (NAME: of the release; by default all five)
set -eu
umask 077
name=${1:?name of the release}
namespace=${2:?namespace}
shift 2
[ $# -gt 0 ] || set -- intake dispatch sla feedback knowledge

base64_of() { openssl base64 -A; }

secret() { # NAME TYPE; then lines "key<tab>value in base64" on standard input
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\n' "$1" "$namespace"
  printf '  labels: {app.kubernetes.io/part-of: hotline, app.kubernetes.io/instance: %s}\ntype: %s\ndata:\n' "$name" "$2"
  while read -r key value; do printf '  %s: %s\n' "$key" "$value"; done
}

entry() { printf '%s\t%s\n' "$1" "$(base64_of)"; } # KEY; the value on standard input

key_line() { printf '%s %s\n' "$(date +%Y-%m-%d)" "$(openssl rand 32 | base64_of)"; } # what wraps keys, told apart by its day

for service; do
  password=$(openssl rand -hex 24)
  host=$name-postgres-rw.$namespace
  check='sslmode=verify-full&sslrootcert=/etc/hotline/database/ca.crt'
  {
    printf %s "$service" | entry username
    printf %s "$password" | entry password
    printf %s "postgresql://$service:$password@$host:5432/$service?$check" | entry url
  } | secret "$name-$service-database" kubernetes.io/basic-auth
  {
    openssl genpkey -algorithm ed25519 | entry audit.pem
    case $service in intake | dispatch | feedback) key_line | entry vault ;; esac
    case $service in intake) key_line | entry lookup ;; dispatch) key_line | entry county ;; esac
  } | secret "$name-$service-keys" Opaque
done
