#!/bin/sh
# depotd as a contestant of a replication bench: an origin and a branch with certificates and signed heads, polled by hand.
# Called with one verb; SRC and DST are the trees, PSTATE and CSTATE private folders of the two ends, PADDR and PORT where
# the origin listens. DST becomes a link to the branch's installation copy. With MIDDLE=1 a region stands between the two,
# beside the origin: a change takes a poll of each.
set -eu
bin=$(cd "$(dirname "$(readlink -f "$0")")/../../bin" && pwd)
origin=$PSTATE/origin.yaml region=$PSTATE/region.yaml branch=$CSTATE/branch.yaml
middle=$((PORT + 1))

depot() { config=$1; shift; node "$bin/depot.js" --config "$config" "$@"; }
answers() { depot "$1" --json version | grep -q '"daemon": "'; }
wait_for() { until answers "$1"; do sleep 0.1; done; }
ended() { while kill -0 "$1" 2>/dev/null; do sleep 0.05; done; }

# settings DEPOT SITE DATA LISTEN; polls are by hand, and nothing is held.
settings() {
	printf '%s\n' "depot: $1" "site: $2" "data: $3" "listen: $4" 'poll: { every: 1d, at-start: false }' \
		'deletions: { hold-above: none }' 'log: warn'
}
of_origin() {
	settings origin enterprise "$PSTATE/origin" "https://$1:$PORT"
	printf '%s\n' 'repositories:' "  work: { kind: mirror, context: enterprise, source: $SRC, watch-limit: 0, rescan: 1d }"
}
# join CONFIG SITE DATA LISTEN PARENT: PARENT is the configuration of a depot that runs; the name is that of the file.
join() {
	depot "$5" invite "$(basename "$1" .yaml)" --site "$2" > "$1.token"
	depot "$1" join --token-file "$1.token" --data "$3" --listen "$4"
}

case ${1:-} in
verbs) echo prepare publish serve attend ready sync version ;;
version) printf 'depotd %s, Node %s\n' "$(node -p "require('$bin/../package.json').version")" "$(node --version)" ;;
prepare)
	of_origin 127.0.0.1 > "$origin"
	depot "$origin" ca init
	node "$bin/depotd.js" --config "$origin" & p=$!
	wait_for "$origin"
	if [ -n "${MIDDLE:-}" ]; then
		join "$region" enterprise "$PSTATE/region" "https://127.0.0.1:$middle" "$origin"
		node "$bin/depotd.js" --config "$region" & r=$!
		wait_for "$region"
		depot "$region" poll --wait || :
		join "$branch" enterprise/branch "$CSTATE/branch" "https://127.0.0.1:$((PORT + 2))" "$region"
		kill $r; ended $r
	else
		join "$branch" enterprise/branch "$CSTATE/branch" "https://127.0.0.1:$((PORT + 2))" "$origin"
	fi
	kill $p; ended $p
	# A certificate names a depot and its site, not its address.
	of_origin "$PADDR" > "$origin"
	{ settings branch enterprise/branch "$CSTATE/branch" "https://127.0.0.1:$((PORT + 2))"
	  echo "parent: https://$PADDR:$([ -n "${MIDDLE:-}" ] && echo $middle || echo "$PORT")"; } > "$branch"
	if [ -n "${MIDDLE:-}" ]; then
		{ settings region enterprise "$PSTATE/region" "https://$PADDR:$middle"; echo "parent: https://$PADDR:$PORT"; } > "$region"
	fi ;;
publish)
	if answers "$origin"; then exec node "$bin/depot.js" --config "$origin" publish work --wait; fi
	node "$bin/depotd.js" --config "$origin" & p=$!
	wait_for "$origin"
	depot "$origin" publish work --wait
	kill $p; ended $p ;;
serve)
	[ -z "${MIDDLE:-}" ] || { wait_for "$origin"; exec node "$bin/depotd.js" --config "$region"; } &
	exec node "$bin/depotd.js" --config "$origin" ;;
attend) exec node "$bin/depotd.js" --config "$branch" ;;
ready)
	wait_for "$origin"; [ -z "${MIDDLE:-}" ] || wait_for "$region"; wait_for "$branch" ;;
sync)
	[ -L "$DST" ] || { rm -rf "$DST"; ln -s "$CSTATE/branch/trees/work" "$DST"; }
	[ -z "${MIDDLE:-}" ] || depot "$region" poll --wait
	exec node "$bin/depot.js" --config "$branch" poll --wait ;;
*) sed -n 2,6p "$0" >&2; exit 2 ;;
esac
