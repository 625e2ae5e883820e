import Foundation
import Testing

/// Scripts for Slurm: their text, and what they do where a stand-in runs them.
@Suite struct SlurmTests {
  private static let grid = [
    "fig2", "--scale", "smoke", "--training", "RP", "--training", "DCC", "--steps", "60",
    "--image-size", "8", "--batch", "16", "--architecture", "resnet-8", "--device", "cpu",
    "--checkpoint-every", "3",
  ]

  /// Writes the script that the command makes.
  private func script(_ place: Workplace, _ arguments: [String]) throws -> String {
    let run = try place.dovetail(["slurm"] + arguments)
    #expect(run.status == 0, "\(run.stderr)")
    try place.write("job.sh", run.stdout)
    return run.stdout
  }

  // MARK: Text

  @Test func anArrayHasAnElementATraining() throws {
    let place = try Workplace()
    let run = try place.dovetail(
      ["slurm", "reproduce"] + Self.grid + [
        "--time", "1-2:30", "--mem=4G", "--partition", "short,long", "--gres", "gpu:a100:1",
        "--sbatch", "account=lab", "--at-once", "4", "--seeds", "3", "--output", "out",
      ])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stderr.contains("6 trainings in 6 jobs."))
    let paste = "sbatch -d afterok:$(sbatch --parsable job.sh) -a 0 job.sh report"
    #expect(run.stderr.contains(paste) && run.stdout.contains("#   \(paste)\n"))
    for line in [
      "job-name=dovetail-fig2", "array=0-5%4", "open-mode=append", "requeue", "signal=B:USR1@120",
      "cpus-per-task=4", "time=1-2:30", "mem=4G", "partition=short,long", "gres=gpu:a100:1",
      "account=lab",
    ] {
      #expect(run.stdout.contains("\n#SBATCH --\(line)\n"), "\(line)")
    }
    // The script's options are not the program's.
    #expect(run.stdout.contains(" reproduce \"$@\" fig2 --scale smoke --training RP"))
    #expect(run.stdout.contains("--checkpoint-every 3 --seeds 3 --output out &\n"))
    #expect(place.files().isEmpty)
    // Fewer elements do more each.
    let fewer = try place.dovetail(
      ["slurm", "reproduce", "--array-size=2", "--quiet"] + Self.grid + ["--seeds", "3"])
    #expect(fewer.stdout.contains("\n#SBATCH --array=0-1\n") && fewer.stdout.contains("))/2\""))
    #expect(fewer.stderr.isEmpty)
    let same = try place.dovetail(
      ["slurm", "reproduce", "--array-size=2", "--quiet"] + Self.grid + ["--seeds", "3"])
    #expect(same.stdout == fewer.stdout)
  }

  /// Every word arrives as it was given, from whatever folder.
  @Test func wordsAreQuoted() throws {
    let place = try Workplace()
    let words = [
      "--output", "o'u\"t $(date) `x` \\ %\n*", "--data", "cifar10=made-up-ink", "--synonyms",
      "a b=ö$HOME", "--build-options", "--mem",
    ]
    let logs = "lo'gs \"50%\" $x"
    let slurm = try StandInSlurm(place)
    let text = try script(
      place, ["reproduce", "fig2", "--scale", "smoke", "--logs", logs] + words)
    try slurm.check("job.sh")
    #expect(place.exists(logs))
    #expect(text.contains("/lo'gs \\\"50%%\\\" $x/dovetail-fig2-%A_%a.log\"\n"))
    let lines = text.split(separator: "\n")
    let program = try #require(lines.first { $0.contains(" reproduce \"$@\"") })
    let path = try #require(program.range(of: " reproduce ")).lowerBound
    try slurm.program("bin/stand-in", "printf '%s\\0' \"$PWD\" \"$@\" > got")
    try place.write("job.sh", text.replacing(program[..<path], with: "stand-in"))
    let run = try slurm.start("job.sh", element: 2)
    #expect(run.status == 0, "\(run.log)")
    let got = try place.text("got").split(separator: "\0", omittingEmptySubsequences: false)
      .dropLast().map(String.init)
    let folder = place.folder.resolvingSymlinksInPath().path
    #expect(URL(fileURLWithPath: got[0]).resolvingSymlinksInPath().path == folder)
    #expect(got[1...4].elementsEqual(["reproduce", "--no-report", "--shard", got[4]]))
    #expect(got[4].hasPrefix("3/"))
    #expect(Array(got[5...]) == ["fig2", "--scale", "smoke"] + words)
    #expect(try slurm.start("job.sh", ["report"], element: 0).status == 0)
    #expect(try !place.text("got").contains("--shard"))
    let wrong = try slurm.start("job.sh", ["raport"], element: 0)
    #expect(wrong.status == 64 && wrong.log.contains("expected report"))
  }

  @Test(arguments: [
    (["--time", "soon"], "--time soon: expected minutes, minutes:seconds"),
    (["--time", "1-2-3"], "--time 1-2-3: expected"), (["--time", "1:2:3:4"], "expected minutes"),
    (["--time", "4"], "expected 5 minutes or more"),
    (["--cpus-per-task", "0"], "--cpus-per-task: expected 1 to 4096, got 0"),
    (["--mem", "lots"], "--mem lots: expected a number"),
    (["--partition", "a b"], "--partition a b: expected names"),
    (["--gres", "gpu:1; ls"], "--gres gpu:1; ls: expected NAME"),
    (["--gres", "gpu,"], "--gres gpu,: expected NAME"),
    (["--job-name", "a/b"], "--job-name a/b: expected letters"),
    (["--sbatch", "Account=x"], "expected KEY or KEY=VALUE"),
    (["--sbatch", "account=x y"], "expected KEY or KEY=VALUE"),
    (["--sbatch", "comment=\nls"], "expected KEY or KEY=VALUE"),
    (["--sbatch", "mem=3G"], "--sbatch mem=3G: give --mem itself"),
    (["--sbatch", "signal=TERM"], "the script relies on its own signal"),
    (["--sbatch", "array=1-3"], "give --array-size itself"),
    (["--array-size", "0"], "--array-size: expected 1 to 1000, got 0"),
    (["--array-size", "3"], "expected 1 to 2, as so many of the 2 trainings build on no other"),
    (["--at-once", "0"], "--at-once: expected 1 or more"),
    (["--jobs", "2"], "--jobs: not in a script; each element of the array is a job; --at-once M"),
    (["--shard", "1/2"], "--shard: not in a script"), (["--plan"], "--plan: not in a script"),
    (["--json", "x.json"], "--json: not in a script; the report leaves results.json"),
    (["--no-report"], "--no-report: not in a script"), (["--shards"], "Unknown option"),
  ])
  func wrongUseOfReproduceIsSaid(arguments: [String], message: String) throws {
    let place = try Workplace()
    let run = try place.dovetail(["slurm", "reproduce"] + Self.grid + arguments)
    #expect(run.status == 64 && run.stdout.isEmpty)
    #expect(run.stderr.contains("Usage: dovetail") && !run.stderr.contains("reproduce reproduce"))
    #expect(run.stderr.contains(message), "\(run.stderr)")
    #expect(place.files().isEmpty)
  }

  @Test(arguments: [
    (["r.yaml"], 64, "--output: expected one"),
    (["r.yaml", "--output", "o", "--overwrite"], 64, "--overwrite: not in a script"),
    (["none.yaml", "--output", "o"], 66, "none.yaml: there is no such recipe"),
    (["r.yaml", "--output", "o", "--set", "stepps=3"], 78, "stepps"),
    (["m.yaml", "--output", "o"], 66, "nowhere: no such folder"),
    (["r.yaml", "--output", "r.yaml"], 73, "is a file, not a directory"),
    (["r.yaml", "--output", "o", "--stepps", "3"], 64, "Unknown option"),
  ])
  func wrongUseOfTrainIsSaid(arguments: [String], status: Int32, message: String) throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    try place.write("m.yaml", "tasks: [{dataset: folder, path: nowhere}]\n")
    let run = try place.dovetail(["slurm", "train"] + arguments)
    #expect(run.status == status && run.stdout.isEmpty)
    #expect(run.stderr.contains(message), "\(run.stderr)")
    #expect(place.files() == ["m.yaml", "r.yaml"])
  }

  @Test func anotherExperimentsDataAreMissedNow() throws {
    let place = try Workplace()
    let run = try place.dovetail("slurm", "reproduce", "fig2", "--scale", "short")
    #expect(run.status == 78 && run.stderr.contains("no data for cifar10"))
    let noFolder = try place.dovetail(
      "slurm", "reproduce", "fig2", "--scale", "smoke", "--data", "stl10=folder:nowhere")
    #expect(noFolder.status == 66 && noFolder.stdout.isEmpty)
  }

  // MARK: What it does

  /// Stopped before its time is up, canceled, gone on with: the bytes of a run that was not.
  @Test func aTrainingGoesOnInTheNextJob() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny.replacing("steps: 2", with: "steps: 60"))
    let train = ["train", "r.yaml", "--device", "cpu", "--checkpoint-every", "3", "--output"]
    let text = try script(place, train + ["a run"])
    #expect(text.contains("\n#SBATCH --job-name=dovetail-r\n") && !text.contains("--array"))
    let slurm = try StandInSlurm(place)
    try slurm.check("job.sh")
    let canceled = try slurm.start(
      "job.sh", whileRunning: slurm.signal(SIGTERM, onceBelow: "a run"))
    #expect(canceled.status == 75 && canceled.control.isEmpty, "\(canceled.log)")
    let stopped = try slurm.start(
      "job.sh", whileRunning: slurm.signal(SIGUSR1, onceBelow: "a run"))
    #expect(stopped.status == 0 && stopped.control == ["requeue 17"], "\(stopped.log)")
    #expect(!place.exists("a run/results.json"))
    let ended = try slurm.start("job.sh", restarts: 1)
    #expect(ended.status == 0 && ended.control.isEmpty, "\(ended.log)")
    #expect(try place.dovetail(train + ["plain"]).status == 0)
    try same(place, "a run", "plain")
    let finished = try place.dovetail(["slurm"] + train + ["a run"])
    #expect(finished.status == 73 && finished.stderr.contains("holds a finished run"))
  }

  @Test func whatCannotBeQueuedAgainSaysSo() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let text = try script(place, ["train", "r.yaml", "--device", "cpu", "--output", "run"])
    let slurm = try StandInSlurm(place)
    func outcome(of program: String, restarts: Int = 0, signal: Bool = false) throws
      -> StandInSlurm.Outcome
    {
      try slurm.program("bin/stand-in", program)
      let name = try Workplace.executable().standardizedFileURL.path
      #expect(text.contains("\(name) train"))
      try place.write("job.sh", text.replacing("\(name) train", with: "stand-in train"))
      try? FileManager.default.removeItem(at: place.url("begun"))
      return try slurm.start("job.sh", restarts: restarts) { process in
        guard signal else { return }
        while process.isRunning && !place.exists("begun") { usleep(2000) }
        kill(process.processIdentifier, SIGUSR1)
      }
    }
    #expect(try outcome(of: "exit 65").status == 65)
    #expect(try outcome(of: "exit 75").control == ["requeue 17"])
    // Before its first step, a program has nothing to leave.
    let begins = "touch '\(place.url("begun").path)'; exec sleep 30"
    #expect(try outcome(of: begins, signal: true).control == ["requeue 17"])
    let often = try outcome(of: begins, restarts: 10, signal: true)
    #expect(often.status == 143 && often.control.isEmpty)
    try slurm.program("bin/scontrol", "exit 1")
    let refused = try outcome(of: "exit 75")
    #expect(refused.status == 75 && refused.log.contains("could not be queued again"))
  }

  @Test func partsAreGatheredToThePlainReport() throws {
    let place = try Workplace()
    let text = try script(place, ["reproduce"] + Self.grid + ["--output", "an out"])
    #expect(text.contains("--array=0-1\n"))
    let slurm = try StandInSlurm(place)
    try slurm.check("job.sh")
    let stopped = try slurm.start(
      "job.sh", element: 0, whileRunning: slurm.signal(SIGUSR1, onceBelow: "an out/runs"))
    #expect(stopped.status == 0 && stopped.control == ["requeue 17_0"], "\(stopped.log)")
    for (element, restarts) in [(1, 0), (0, 1)] {
      let run = try slurm.start("job.sh", element: element, restarts: restarts)
      #expect(run.status == 0 && run.control.isEmpty, "\(run.log)")
      #expect(!place.exists("an out/report.html"))
    }
    // What has finished needs no job.
    let none = try place.dovetail(["slurm", "reproduce"] + Self.grid + ["--output", "an out"])
    #expect(none.status == 1 && none.stdout.isEmpty)
    #expect(none.stderr.contains("all 2 trainings have finished; this makes the report: "))
    #expect(try slurm.start("job.sh", ["report"], element: 0).status == 0)
    #expect(try place.dovetail(["reproduce"] + Self.grid + ["--output", "plain"]).status == 0)
    try same(place, "an out/runs", "plain/runs")
    #expect(try report(place, "an out") == report(place, "plain"))
  }

  private func same(_ place: Workplace, _ one: String, _ other: String) throws {
    let isKept = { (name: String) in
      ["safetensors", "yaml", "jsonl"].contains { name.hasSuffix(".\($0)") }
    }
    let names = place.files(below: one).filter(isKept)
    #expect(names == place.files(below: other).filter(isKept) && names.count > 4)
    for name in names {
      #expect(try place.read("\(one)/\(name)") == place.read("\(other)/\(name)"), "\(name)")
    }
  }

  /// Without how long it took.
  private func report(_ place: Workplace, _ folder: String) throws -> NSDictionary {
    let parsed = try JSONSerialization.jsonObject(with: place.read("\(folder)/results.json"))
    var report = try #require(parsed as? [String: Any])
    let facts = try #require(report["environment"] as? [[String: Any]])
    report["environment"] = facts.filter { !(($0["name"] as? String) ?? "").hasPrefix("time") }
    return report as NSDictionary
  }
}
