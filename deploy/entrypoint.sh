#!/bin/sh
# What the image runs: secrets from files, the cluster where there is one, then `lectern` with the given words.
set -eu

# A secret named lectern_access_key becomes LECTERN_ACCESS_KEY. PostgreSQL's driver reads PGPASSWORD by itself.
for file in "${SECRETS:-/run/secrets}"/lectern_* "${SECRETS:-/run/secrets}"/pgpassword; do
    if [ -f "$file" ]; then
        export "$(basename "$file" | tr a-z A-Z)=$(cat "$file")"
    fi
done

# Ray wants whoever gives it work to be one of its machines; this one lends no core. A second command in the same
# container finds it joined.
if [ -n "${RAY_HEAD:-}" ] && [ ! -e "${RAY_TMPDIR:-/tmp}/ray/session_latest" ]; then
    ray start --address="$RAY_HEAD" --num-cpus=0 --disable-usage-stats
fi

exec lectern "$@"
