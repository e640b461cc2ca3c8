import ArgumentParser
import ModelZoo
import ZooSystem

/// The root: `zoo SUBCOMMAND …`.
struct ZooCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo",
    abstract: "Runs neural networks on the CPU.",
    discussion: """
      A MODEL is the path of a .zoo or .onnx file, or the name of a model in the zoo (zoo list shows them). Every \
      command takes --json, which prints one JSON document and nothing else on standard output. What begins with a dash \
      and is no option follows --.

      Exit status: 0, 64 for wrong usage, 65 for bad input data, 66 for a missing file, 70 for a defect of zoo.
      """,
    version: "zoo \(zooVersion)",
    subcommands: [
      Predict.self, Chat.self, Run.self, Pack.self, Convert.self, Inspect.self, Diff.self, Calibrate.self, Verify.self,
      Eval.self, Compare.self, Bench.self, Serve.self, List.self, Add.self, Remove.self, PluginsCommand.self,
      Version.self,
    ])
}
