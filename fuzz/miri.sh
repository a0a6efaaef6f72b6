#!/usr/bin/env bash
# Runs the tests of what is written with `unsafe` under Miri, which interprets them and finds access out of bounds, races and
# aliasing that a processor forgives. Instructions of one kind of processor aren't interpreted: the portable paths are.
# Needs a nightly toolchain: rustup toolchain install nightly --component miri,rust-src
# Usage: fuzz/miri.sh [CRATE TEST-FILTER]; without arguments all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
# Threads of the pool live as long as the program; the crates below use the newer of Miri's two models of aliasing.
export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-ignore-leaks -Zmiri-tree-borrows"
# Property tests try a few cases: each takes a thousand times as long as usual.
export PROPTEST_CASES=${PROPTEST_CASES:-4} PROPTEST_DISABLE_FAILURE_PERSISTENCE=true
check() {
    echo "=== $1: $2"
    cargo +nightly miri test -p "$1" --lib -- "$2"
}
if [ $# -eq 2 ]; then
    check "$1" "$2"
    exit
fi
check agent2028_core space::cell_sort
check agent2028_pheromones field::diffusion
