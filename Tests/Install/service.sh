# The part of examples.sh that talks with Examples/Service, as curl does: source it.
# shellcheck shell=bash disable=SC2154
log=$work/service.log
"$programs/serve" "$zoo/RCNN/rcnn-bccd.zoo" "$zoo/Transformer/transformer-en-de.zoo" 0 2>"$log" &
server=$!
for _ in $(seq 300); do
  port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' "$log")
  [ -z "$port" ] || break
  kill -0 "$server" 2>/dev/null || fail "the service ends: $(cat "$log")"
  sleep 0.1
done
[ -n "$port" ] || fail "the service does not listen: $(cat "$log")"
address=http://127.0.0.1:$port

# ask STATUS PATH [OPTIONS OF CURL]: writes the body to the file `answer`.
ask() {
  local status
  status=$(curl --silent --show-error --max-time 60 --output "$work/answer" --write-out '%{http_code}' "${@:3}" "$address/$2") || true
  [ "$status" = "$1" ] || fail "$2 gives $status in place of $1: $(head -c 300 "$work/answer")"
}

ask 200 health
expect '"ok"' "$(cat "$work/answer")"
ask 200 predict --data-binary "@$root/Examples/Images/smear.jpg"
python3 -c 'import json, sys; assert any(d["label"] == "WBC" for d in json.load(open(sys.argv[1]))["detections"])' \
  "$work/answer" || fail "predict: $(head -c 300 "$work/answer")"
ask 422 predict --data-binary "@$root/LICENSE"
head -c 9000000 /dev/zero >"$work/large"
ask 413 predict --data-binary "@$work/large"
ask 404 nothing
ask 400 translate --data " "
head -c 5000 /dev/zero | tr '\0' x >"$work/large"
ask 413 translate --data-binary "@$work/large"

# Each piece as an event of its own; together they are what the translator writes.
ask 200 translate --data "A dog is running." --no-buffer
python3 - "$work/answer" "$(sed -n 1p "$work/lines")" <<'PYTHON' || fail "the events: $(cat "$work/answer")"
import json, sys
*pieces, end = open(sys.argv[1]).read().rstrip("\n").split("\n\n")
assert len(pieces) > 1 and all(piece.startswith("data: ") for piece in pieces)
assert "".join(json.loads(piece[6:]) for piece in pieces) == sys.argv[2]
assert end == 'event: end\ndata: ""'
PYTHON

# Health is answered while pictures are looked at, and all of these get their answers although the service is told to end.
requests=()
for number in 1 2 3 4 5 6; do
  curl --silent --max-time 60 --output "$work/answer$number" --write-out '%{http_code}' \
    --data-binary "@$root/Examples/Images/smear.jpg" "$address/predict" >"$work/status$number" &
  requests+=($!)
done
sleep 0.3
ask 200 health --max-time 2
[ -z "$(cat "$work"/status?)" ] || fail "pictures were answered before the service was told to end"
kill -TERM "$server"
for request in "${requests[@]}"; do wait "$request" || fail "a request that was accepted had no answer"; done
for number in 1 2 3 4 5 6; do
  [ "$(cat "$work/status$number")" = 200 ] || fail "status $(cat "$work/status$number") at shutdown"
  # Members of objects have no order.
  python3 -c 'import json, sys; assert len({json.dumps(json.load(open(file)), sort_keys=True) for file in sys.argv[1:]}) == 1' \
    "$work/answer1" "$work/answer$number" || fail "the same picture has two answers"
done
wait "$server" || fail "the service ends with $?: $(tail -n 5 "$log")"
server=
if curl --silent --max-time 2 "$address/health"; then fail "the service answers after its end"; fi
