"""From a method and a data set to a run: task, job, workers, timing."""
