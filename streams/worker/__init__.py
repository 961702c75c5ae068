"""The Faust shell: records in, slices through the pure core, its answers out, nothing committed before it is durable.

`app` composes it: `transport` fetches micro-batches, `agents` decode them into the `lane` of their partition, `ticker`
writes the ticks that cut the log into slices, `runner` takes a lane's slices through the core, `publisher` sends what
it answers, `checkpoints` keep its state, and `partitions` come and go.
"""
