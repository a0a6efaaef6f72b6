#!/usr/bin/env bash
# Fuzzes one target, or each in turn. Usage: fuzz/run.sh [TARGET [SECONDS]]
set -euo pipefail
cd "$(dirname "$0")/.."
targets=${1:-"scene run agents_csv ratings_csv checkpoint ledger"}
seconds=${2:-60}

# Field names, choices and punctuation: a fuzzer that knows the words gets past the first one.
mkdir -p fuzz/corpus
{
    cat scenes/*.ron docs/scene-reference.md | grep -oE '\b[A-Za-z_][A-Za-z0-9_]{2,30}\b' | sort -u | sed 's/.*/"&"/'
    printf '"%s"\n' '(' ')' '[' ']' '{' '}' ': ' ', ' 'Some(' '/*' '*/' '//' '1e38' '-1' 'NaN' 'inf' '0x' '1_000' 'r#' '\\\\u{' 'true' 'false'
} >fuzz/corpus/scene.dict

for target in $targets; do
    mkdir -p "fuzz/corpus/$target" "fuzz/seeds/$target"
    arguments=(-max_total_time="$seconds" -detect_leaks=0 -timeout=20 -rss_limit_mb=4096)
    folders=("fuzz/corpus/$target" "fuzz/seeds/$target")
    case $target in
        scene | run)
            arguments+=(-dict=fuzz/corpus/scene.dict -max_len=8192)
            folders+=(fuzz/seeds/scene scenes)
            ;;
        agents_csv | ratings_csv) arguments+=(-max_len=2048) ;;
        checkpoint | ledger) arguments+=(-max_len=1024 -len_control=0) ;;
    esac
    echo "=== $target, $seconds s"
    cargo +nightly fuzz run "$target" "${folders[@]}" -- "${arguments[@]}"
done
