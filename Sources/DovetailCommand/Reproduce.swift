import ArgumentParser

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the paper's experiments and report them beside its numbers.",
    discussion: """
      Every training of every seed is a run in its own directory under DIR/runs; a finished one is \
      not run again, and one that was broken off goes on from its last checkpoint: start the command \
      again as it was. At the end DIR \
      holds report.html, report.md and results.json.

        dovetail list
        dovetail reproduce fig2 fig3 --scale smoke --output out
        dovetail reproduce fig2 --scale short --seeds 3 --output out \\
          --data cifar10=cifar10:cifar-10-batches-bin --data stl10=stl10:stl10_binary

      Data sets are given by role, ROLE=KIND:PATH; a role is cifar10, cifar100, stl10 or \
      ilsvrc12, KIND as in a recipe. \
      What stands in for a data set is named as what it is: --data stl10=folder:PATH. At the smoke \
      scale what is not given is drawn by code.

      Two data sets of your own, as TASK=KIND:PATH, take the paper's places; then there is no paper's \
      column. Folders are train/<class>/* and test/<class>/* or val/. What else can be had otherwise: \
      --steps, --architecture, --image-size, --batch.

        dovetail reproduce fig2 --output mine --steps 500 --architecture resnet-20 \\
          --tasks photos=folder:photos drawings=folder:drawings

      --shard I/N runs every N-th training, the I-th of 1…N, for several machines that share DIR; \
      the report holds what has finished, and --no-report leaves it to who comes last. --jobs K does \
      so on one machine, with K processes; dovetail slurm reproduce on a cluster.
      --training NAME, once or more often, runs those alone; --plan says what there is to run.
      """)

  @OptionGroup var reproduction: Reproduction

  func run() throws { try reproduction.run() }
}
