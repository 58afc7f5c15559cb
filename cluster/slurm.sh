#!/bin/bash
# A run over the nodes of a Slurm job, from a clone of the repository on a file system that all of them see:
#   sbatch --nodes=4 --gpus-per-node=8 --cpus-per-task=64 cluster/slurm.sh EXPERIMENT.yaml FOLDER
# The same command continues a run that was cut off; a job that is requeued does so by itself.
#SBATCH --job-name=gensweep
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --requeue
set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: sbatch --nodes=N cluster/slurm.sh EXPERIMENT.yaml FOLDER" >&2
    exit 2
fi
source .venv/bin/activate
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" \
    ray symmetric-run --address "$head:6379" --min-nodes "$SLURM_JOB_NUM_NODES" \
    --num-cpus="${SLURM_CPUS_PER_TASK:-$SLURM_CPUS_ON_NODE}" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" -- \
    gensweep run "$1" --address auto --out "$2"
