#!/bin/sh
# Makes the files in secrets/ that docker-compose.yml reads; what is there already stays as it is.
# Containers run under users of their own, so the files can be read by all: the folder keeps others out.
set -eu
umask 077
folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"

keep() {
    if [ ! -e "$folder/$1" ]; then
        cat >"$folder/$1"
        chmod 444 "$folder/$1"
        echo "made $folder/$1"
    fi
}

random() { od -An -N 32 -tx1 /dev/urandom | tr -d ' \n'; }

for name in lectern_access_key lectern_metrics_key qdrant_api_key postgresql_password \
    grafana_password chat_session_key; do
    random | keep "$name"
done
# The key of the model's provider, empty for one's own server or none. Its file is yours to fill.
printf '%s' "${PROVIDER_KEY:-}" | keep lectern_llm_api_key
