#!/usr/bin/env bash
# What it takes to add a plugin to a program: counts the lines of the example's program that name its plugin.
# One names the section (it brings interventions, events, metrics, files and checkpoints), one what the window shows of it (its
# panels, layers and tools). Nothing else may know the plugin.
set -euo pipefail
cd "$(dirname "$0")/.."
lines=$(grep -cE 'rumour::' examples/rumour/src/main.rs)
if [ "$lines" -ne 2 ]; then
    echo "adding the example's plugin takes $lines lines; it should take two"
    exit 1
fi
if grep -rniE 'rumour::(Rumour|Heard|Whisper)|agent2028_example' src plugins --include=*.rs; then
    echo "the program knows the example's plugin outside the example"
    exit 1
fi
# The README shows these lines.
grep -E 'rumour::' examples/rumour/src/main.rs | while read -r line; do
    if ! grep -qF "$line" README.md; then
        echo "the README doesn't show: $line"
        exit 1
    fi
done
# Ours are named in one file of the root each, once.
for folder in plugins/*/; do
    name=$(basename "$folder")
    config=$(grep -rhoE 'impl SceneSection for [A-Za-z]+' "$folder/src" | head -1 | awk '{print $4}' || true)
    if [ -n "$config" ] && [ "$(grep -cE "with::<$config>" src/plugins.rs)" -ne 1 ]; then
        echo "$name: $config is not named once in src/plugins.rs"
        exit 1
    fi
    panels=$(grep -hoE 'impl Plugin for [A-Za-z]+' "$folder/panels/src/lib.rs" 2>/dev/null | head -1 | awk '{print $4}' || true)
    if [ -n "$panels" ] && [ "$(grep -cE "with::<$panels>" src/panels.rs)" -ne 1 ]; then
        echo "$name: $panels is not named once in src/panels.rs"
        exit 1
    fi
done
echo "a plugin is added by $lines lines"
