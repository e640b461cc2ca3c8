import CZooPlugin
import Foundation
import SVMModelFormat
import SVMPlugin
import StandardPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// Models that LIBLINEAR and LIBSVM trained, beside what they predict (make_fixtures.py).
@Suite struct ModelTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  struct Case: Decodable {
    struct Outputs: Decodable {
      var label: [Double]?
      var value: [Double]?
      var decisionValues: [[Double]]
      var probabilities: [[Double]]?

      enum CodingKeys: String, CodingKey {
        case label, value, probabilities
        case decisionValues = "decision_values"
      }
    }
    var file: String
    var x: [[Float]]
    var outputs: Outputs
  }

  static func cases() throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(contentsOf: fixtures.appending(path: "references.json")))
  }

  @Test func modelsGiveWhatTheLibrariesGive() throws {
    let registry = OperatorRegistry()
    for entry in [standardPluginEntry, svmPluginEntry] {
      let plugin = try #require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable(cpu: CPU.current).pointer))
      try registry.register(plugin, origin: "linked in")
    }
    let cases = try Self.cases()
    #expect(cases.count == 19)
    for item in cases {
      let definition = try SVMModelFormat.readModel(Self.fixtures.appending(path: item.file).path)
      let model = try CompiledModel(definition, registry: registry)
      guard case .tensor(_, let shape?)? = model.inputs.first?.type?.form, case .fixed(let count)? = shape.last?.extent
      else { return #expect(Bool(false), "\(item.file) has no features") }
      // A LIBSVM model knows of no features behind the last that a support vector has.
      let x = item.x.flatMap { row in (0..<Int(count)).map { $0 < row.count ? row[$0] : 0 } }
      let results = try model.run(["features": Tensor(x, shape: [item.x.count, Int(count)])])
      func check(_ name: String, _ expected: [Double]) throws {
        let got = try #require(results[name]).elements(Float.self)
        #expect(got.count == expected.count, "\(item.file): \(name)")
        for (value, wanted) in zip(got, expected) {
          #expect(abs(Double(value) - wanted) <= 2e-5 * max(1, abs(wanted)), "\(item.file): \(name)")
        }
      }
      try check("decision_values", item.outputs.decisionValues.flatMap { $0 })
      if let probabilities = item.outputs.probabilities { try check("probabilities", probabilities.flatMap { $0 }) }
      if let values = item.outputs.value { try check("value", values) }
      if let labels = item.outputs.label {
        #expect(try #require(results["label"]).elements(Int64.self) == labels.map { Int64($0) }, "\(item.file)")
      }
    }
  }

  @Test func machinesBecomeHeads() throws {
    for item in try Self.cases() where item.file.hasPrefix("linear-four") || item.file.hasPrefix("logistic-two") {
      let path = Self.fixtures.appending(path: item.file).path
      let heads = try SVMModelFormat.read(path)
      let (weight, bias) = (try heads.tensors[0].tensor.load(), try heads.tensors[1].tensor.load())
      let isBinary = item.file.hasPrefix("logistic-two")
      #expect(heads.tensors.map(\.name) == ["weight", "bias"])
      #expect(heads.metadata == [Property(key: "labels", value: isBinary ? "5" : "-2 1 5 7")])
      #expect(weight.shape == [isBinary ? 1 : 4, 5] && bias.shape == [weight.shape[0]])
      // Where the classes of the file are among the heads: by their labels.
      let labels = try SVMModelFormat.readModel(path).metadata.labels.compactMap { Int($0) }
      let (rows, shifts) = (try weight.elements(Float.self), try bias.elements(Float.self))
      for (x, values) in zip(item.x, item.outputs.decisionValues) {
        for (place, wanted) in values.enumerated() {
          let head = isBinary ? 0 : try #require(labels.sorted().firstIndex(of: labels[place]))
          let sum = (0..<5).reduce(shifts[head]) { $0 + rows[head * 5 + $1] * x[$1] }
          let sign: Double = isBinary && labels[0] < labels[1] ? -1 : 1
          #expect(abs(Double(sum) - sign * wanted) < 1e-5 * max(1, abs(wanted)))
        }
      }
      // Written as a LIBLINEAR model, they are the same.
      let copy = FileManager.default.temporaryDirectory.appending(path: "heads-\(UUID().uuidString).model").path
      defer { try? FileManager.default.removeItem(atPath: copy) }
      try SVMModelFormat.write(heads, to: copy)
      let again = try SVMModelFormat.read(copy)
      #expect(try again.tensors[0].tensor.load().elements(Float.self) == rows)
      #expect(try again.tensors[1].tensor.load().elements(Float.self) == shifts)
      #expect(again.metadata == heads.metadata)
    }
  }

  @Test func damageEndsInErrors() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "svm-\(UUID().uuidString).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    for name in ["linear-four.model", "svm-four-rbf.model"] {
      let good = try [UInt8](Data(contentsOf: Self.fixtures.appending(path: name)))
      for round in 0..<200 {
        var bytes = good
        bytes[(round * 7919) % bytes.count] = Array("9- :e\n\0z".utf8)[round % 8]
        if round % 4 == 0 { bytes.removeLast(round * 31 % bytes.count) }
        try Data(bytes).write(to: URL(filePath: path))
        do {
          _ = try SVMModelFormat.readModel(path)
          _ = try SVMModelFormat.read(path)
        } catch let error as ZooError { #expect(error.kind != .defect && error.kind != .usage, "\(error)") }
      }
    }
    // Labels that are none.
    let labels = ["-9223372036854775808", "-2147483648", "2147483648", "1e999", "nan", "-inf", "1e30", "1.5"].map {
      "solver_type L2R_LR\nnr_class 2\nlabel \($0) 2\nnr_feature 1\nbias -1\nw\n1\n"
    }
    for text in [
      "solver_type L2R_LR\nnr_class 1000000\nlabel 1\nnr_feature 2000000000\nbias -1\nw\n",
      "solver_type L2R_LR\nnr_class 2\nlabel 1 2\nnr_feature 2000000000\nbias -1\nw\n1\n",
      "svm_type c_svc\nkernel_type rbf\ngamma 1\nnr_class 2\ntotal_sv 2\nrho 0\nlabel 1 2\nnr_sv 1 1\nSV\n1 2147483647:1\n-1 1:1\n",
      "svm_type c_svc\nkernel_type precomputed\nnr_class 2\ntotal_sv 1\nrho 0\nlabel 1 2\nnr_sv 1 0\nSV\n1 0:1\n",
      "svm_type c_svc\nkernel_type linear\nnr_class 4000\ntotal_sv 2000000000\nrho 0\nlabel 1 2\nnr_sv 1 1\nSV\n1 1:1\n",
    ] + labels {
      try Data(text.utf8).write(to: URL(filePath: path))
      #expect(throws: ZooError.self, "\(text)") { try SVMModelFormat.readModel(path) }
    }
  }
}
