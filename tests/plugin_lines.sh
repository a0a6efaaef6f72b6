#!/usr/bin/env bash
# What it takes to add a plugin to a program: counts the lines of the example's program that name its plugin.
# One names the section (it brings interventions, events, metrics, files and checkpoints). Nothing else may know the plugin.
set -euo pipefail
cd "$(dirname "$0")/.."
lines=$(grep -cE 'rumour::' examples/rumour/src/main.rs)
if [ "$lines" -gt 2 ]; then
    echo "adding the example's plugin takes $lines lines; two are the most"
    exit 1
fi
if grep -rniE 'rumour::(RumourConfig|Whisper)|agent2028_example' src plugins --include=*.rs; then
    echo "the program knows the example's plugin outside the example"
    exit 1
fi
# Ours are named in one file of the root, once each.
for config in BoidsConfig PheromonesConfig NetworkConfig OperationsConfig IdentityConfig LedgerConfig TrustConfig; do
    named=$(grep -cE "with::<$config>" src/plugins.rs)
    if [ "$named" -ne 1 ]; then
        echo "$config is named $named times in src/plugins.rs"
        exit 1
    fi
done
echo "a plugin is added by $lines line(s)"
