
# A warning of the scheduler, and whatever else ends the work, finds learning kept; the job goes
# back into the queue as long as that moves on, and goes on there.
before=$(cksum "$kept" 2> /dev/null) stopped=''
"${work[@]}" 9>&- &
run=$!
trap 'kill -USR1 "$run"' USR1
trap 'stopped=yes; kill -TERM "$run"' TERM INT
while kill -0 "$run" 2> /dev/null; do wait "$run"; done
wait "$run"
status=$?
trap '' USR1
[ -n "$logs" ] && finish
case $status in
0 | 130 | 138 | 143) rm -rf "$logs" ;; # done, or ended by a signal
*) [ -n "$logs" ] && say "what Ray said is in $logs" ;;
esac
if [ "$status" -ne 0 ] && [ -z "$stopped" ] && [ -s "$kept" ] && [ "$(cksum "$kept")" != "$before" ]
then
    say "the job goes back into the queue; it goes on from $kept"
    again
fi
exit "$status"
