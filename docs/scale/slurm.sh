#!/bin/bash
# A sweep in eight parts, as a Slurm array: sbatch slurm.sh plan.yaml
# Afterwards: bufsim merge part-*.ndjson --out runs.ndjson
#SBATCH --job-name=bufsim
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
#SBATCH --time=01:00:00
#SBATCH --requeue
set -euo pipefail
# Slurm sets SLURM_ARRAY_TASK_ID, _MIN and _COUNT; a task that is queued again goes on.
exec bufsim sweep "$1" --shard auto --out "part-$SLURM_ARRAY_TASK_ID.ndjson" --resume
