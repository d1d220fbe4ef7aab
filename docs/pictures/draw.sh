#!/usr/bin/env bash
# Draws the pictures of docs/smart-charging.md and README.md anew.
set -euo pipefail
cd "$(dirname "$0")"

draw() { cargo run --quiet --bin charger-sim -- schedule --profiles "$1.json" --svg "$1.svg" "${@:2}"; }

draw day --evse 1 --from 2026-03-02T06:00:00Z --duration 86400 --transaction T1,2026-03-02T09:00:00Z
draw stack --evse 1 --from 2026-03-02T00:00:00Z --duration 604800
draw gap --evse 1 --from 2026-03-02T06:00:00Z --duration 10800 --transaction T1,2026-03-02T06:00:00Z
