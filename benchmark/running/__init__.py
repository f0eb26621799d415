"""Run a method on a data set: task, job, workers, timing."""
