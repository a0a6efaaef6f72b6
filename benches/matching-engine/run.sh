#!/usr/bin/env bash
# Checks and measures the order book by the public Matching Engine Performance Challenge, beside its baseline quantcup:
# run.sh [FOLDER] [SEED...]. Needs Linux, git, cmake, Boost's headers and clang 16. Fetches the challenge and quantcup into
# FOLDER (by default a temporary one), builds both and our library, and prints per scenario and seed the hash of both report
# streams and the messages per second. At seed 23 the hash must be the published one; at others both must agree. On fewer than
# four cores the harness can't pin its threads and may call a run invalid; hashes and times hold all the same.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder="${1:-$(mktemp -d)}"
shift || true
seeds=("${@:-23}")
compiler="${CXX:-clang++-16}"
mkdir -p "$folder"
cd "$folder"
[ -d challenge ] || git clone --quiet https://github.com/flash1-dev/matching-engine-benchmark.git challenge
[ -d quantcup ] || git clone --quiet https://github.com/ajtulloch/quantcup-orderbook.git quantcup
# The commit that the challenge names.
git -C quantcup checkout --quiet f860e0b831a7dd2d0c07a5dbc3723ef15d1067ed
cd challenge

[ -x harness ] || CC="${compiler/++/}" CXX="$compiler" make >/dev/null

# As scripts/build_baselines.sh does it, with the compiler named above.
if [ ! -f quantcup_adapter.so ]; then
    git -C ../quantcup apply "$PWD/patches/quantcup.patch"
    sed -n "/<<'PY'/,/^PY/p" scripts/build_baselines.sh | sed '1d;$d' | python3 - ../quantcup
    "$compiler" -std=c++20 -O3 -march=native -fPIC -shared -fexceptions -frtti -DQC_MAX_NUM_ORDERS=2200000 \
        -I api -I ../quantcup adapters/quantcup_adapter.cpp ../quantcup/engine.cpp ../quantcup/order_book.cpp \
        -o quantcup_adapter.so
fi

cargo build --quiet --release --manifest-path "$here/Cargo.toml"
target="$(cargo metadata --format-version 1 --no-deps --manifest-path "$here/Cargo.toml" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')"
cp "$target/release/libagent2028_matching_engine.so" ours_adapter.so

last=$(($(nproc) - 1))
failed=0
run() {
    ./harness --engine "./$1_adapter.so" --scenario "$2" --seed "$3" --mode perf \
        --matcher-core $((last > 0 ? last - 1 : 0)) --drainer-core "$last" || true
}
printf '%-6s %-12s %14s %14s  %s\n' seed scenario ours quantcup reports
for seed in "${seeds[@]}"; do
    for scenario in static normal swing-25 swing-40 flash-crash; do
        ours="$(run ours "$scenario" "$seed")"
        baseline="$(run quantcup "$scenario" "$seed")"
        hash() { sed -n 's/.*Computed hash: *//p' <<<"$1"; }
        speed() { sed -n 's/.*Throughput: *//p' <<<"$1"; }
        verdict=differ
        if [ -n "$(hash "$ours")" ] && [ "$(hash "$ours")" = "$(hash "$baseline")" ]; then verdict=equal; fi
        if [ "$seed" = 23 ] && ! grep -q "^$(hash "$ours") .*${scenario}_seed23" reference/correctness_hash.txt; then
            verdict="not as published"
        fi
        [ "$verdict" = equal ] || failed=1
        printf '%-6s %-12s %14s %14s  %s\n' "$seed" "$scenario" "$(speed "$ours")" "$(speed "$baseline")" "$verdict"
    done
done
exit "$failed"
