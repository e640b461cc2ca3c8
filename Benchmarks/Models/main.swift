// Many models, and many callers of one.
//
//     swift run -c release ModelsBenchmark [MODEL.zoo …]
//
// Opens 1,000 small models in this process, runs each once and closes them, twice: the time of the first, the hundredth
// and the thousandth, threads, and resident memory. Then, for each MODEL (by default the ResNet-20 of the zoo), the
// images a second of eight callers with one image each beside those of one caller with batches of eight.

let count = 1000
let file = FileManager.default.temporaryDirectory.appendingPathComponent("models-\(getpid()).zoo").path
defer { unlink(file) }
try smallModel().write(to: file, format: .package)
let options = Model.Options(plugins: .linked)

print("models  ms to open one and run it  threads  resident MiB")
func show(_ models: Int, _ seconds: Double?) {
  let time = seconds.map { "\(rounded($0 * 1e3))" } ?? "–"
  print("\(models)  \(time)  \(Status.threads)  \(rounded(Status.residentMebibytes))")
}
show(0, nil)
for _ in 0..<2 {
  var models: [Model] = []
  var times: [Double] = []
  for number in 1...count {
    times.append(
      try ContinuousClock().measure {
        let model = try Model(contentsOf: file, options: options)
        _ = try model.run(model.definition.randomInputs(seed: 0))
        models.append(model)
      } / .seconds(1))
    // The median of the last few, as one alone may be disturbed; the first is the first.
    if [1, 10, 100, 1000].contains(number) { show(number, times.suffix(9).sorted()[times.suffix(9).count / 2]) }
  }
  let closing = ContinuousClock().measure { models = [] } / .seconds(1)
  show(0, nil)
  print("closing took \(rounded(closing / Double(count) * 1e3)) ms each")
}

for name in CommandLine.arguments.count > 1 ? Array(CommandLine.arguments.dropFirst()) : ["resnet20-cifar10"] {
  let model = try Model(named: name, options: options)
  let one = try model.definition.randomInputs(seed: 0, batch: 1, others: 128)
  let eight = try model.definition.randomInputs(seed: 0, batch: 8, others: 128)
  // In turns, since the machine's speed changes; the medians of five.
  let speeds = try (0..<5).map { _ in (try throughput(model, one, callers: 8), try throughput(model, eight, callers: 1))
  }
  let callers = speeds.map(\.0).sorted()[2]
  let batches = speeds.map(\.1).sorted()[2] * 8
  print(
    "\(name): 8 callers \(rounded(callers)) images/s, batches of 8 \(rounded(batches)) images/s: "
      + "\(rounded(callers / batches * 100)) %; \(Status.threads) threads")
}

import Foundation
import ModelZoo
import ResNet
