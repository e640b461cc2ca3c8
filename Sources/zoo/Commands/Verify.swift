import ArgumentParser
import ModelZoo

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run test folders in the layout of ONNX's backend tests.",
    discussion: """
      A test folder holds model.onnx and, in test_data_set_N, the values input_K.pb and output_K.pb. Outputs may differ \
      from the expected ones by 1e-7 + 1e-3 × |expected|, unless other tolerances are given; without them, sums may also \
      be off by half a unit in the last place of the output's largest number. Numbers that are drawn by chance are compared \
      in type, shape and distribution. The exit status is 65 when any test does not pass.
      """)

  @Argument(help: ArgumentHelp("Test folders, or folders that hold such.", valueName: "dir"), completion: .directory)
  var folders: [String]

  @Option(help: ArgumentHelp("Let outputs differ by so much, 0 or more, whatever is expected.", valueName: "number"))
  var tolerance: Double?

  @Option(help: ArgumentHelp("Let outputs differ by so much, 0 or more, times what is expected.", valueName: "number"))
  var relative: Double?

  @OptionGroup var memory: MemoryOption
  @OptionGroup var options: CommonOptions

  func validate() throws {
    for case let value? in [tolerance, relative] where !(value >= 0) {
      throw ValidationError("--tolerance and --relative take a number of 0 or more.")
    }
    if folders.isEmpty { throw ValidationError("Missing expected argument '<dir> ...'.") }
  }

  func run() throws {
    let modelOptions = try options.modelOptions(memory)
    var allowed = Verification.Tolerance.onnx
    if tolerance != nil || relative != nil {
      allowed = .init(relative: relative ?? allowed.relative, absolute: tolerance ?? allowed.absolute)
    }
    var failures = Failures()
    var report = Report(passed: 0, failed: 0, cases: [])
    for folder in folders {
      var cases: [String] = []
      do { cases = try Verification.folders(at: folder) } catch { failures.report(error) }
      for (index, path) in cases.enumerated() {
        let name = Self.name(of: path, in: folder)
        options.progress("\(index) of \(cases.count): \(name)")
        let result = Verification(path, options: modelOptions, tolerance: allowed)
        if result.status == .pass { report.passed += 1 } else { report.failed += 1 }
        report.cases.append(Case(name: name, status: result.status, detail: result.detail))
        if !options.json {
          Console.clearProgress()
          let detail = result.detail.isEmpty ? "" : ": \(result.detail)"
          Console.print("\(result.status.rawValue.padded(to: 8))  \(name)\(detail)".visibleLine)
        }
      }
    }
    Console.clearProgress()
    if options.json {
      try Console.printJSON(report)
    } else if report.cases.count > 1 {
      Console.print("\(report.passed) passed, \(report.failed) failed")
    }
    try failures.finish()
    if report.failed > 0 { throw ExitCode(ZooError.Kind.badData.exitStatus) }
  }

  /// The path below the folder that was asked for; the last part of the path for the folder itself.
  private static func name(of path: String, in folder: String) -> String {
    if path != folder { return String(path.dropFirst(folder.count).drop { $0 == "/" }) }
    return path.split(separator: "/").last.map(String.init) ?? path
  }

  private struct Report: Encodable {
    var passed: Int
    var failed: Int
    var cases: [Case]
  }

  private struct Case: Encodable {
    var name: String
    var status: Verification.Status
    var detail: String
  }
}
