#!/bin/sh
# A student's server: brings ~/workbook up to date with the course, then JupyterHub's single-user server takes over.
# The same on one server (jupyterhub_config.py) and in the image (Dockerfile).
python="${COURSE_PYTHON:-python}"

# One thread each: a class shares the cores. PASSIVE: a waiting thread does not spin.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OMP_WAIT_POLICY=PASSIVE TOKENIZERS_PARALLELISM=false

# If memory runs out, the system stops a student's process and not the hub.
echo 500 2>/dev/null >/proc/self/oom_score_adj

# A disk that is full must not keep anybody out: the server starts all the same, and the reason is in the log.
export COURSE_WORKBOOK="$HOME/workbook"
"$python" -m course lab --fill-only

set -- "$python" -m jupyterhub.singleuser --ServerApp.root_dir="$HOME" --LabApp.extension_manager=readonly "$@"
[ "$(id -u)" = 0 ] && set -- "$@" --allow-root # only in a trial
if [ -n "$COURSE_HUB_MB" ] && command -v prlimit >/dev/null; then
  set -- prlimit --data="$((COURSE_HUB_MB * 1000000))" --nproc=500 -- "$@"
fi
exec "$@"
