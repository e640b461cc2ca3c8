import CZooPlugin
import ConvPlugin
import Foundation
import ONNXFormat
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// The onnx package's own cases for Conv and the pools.
@Suite struct NodeCaseTests {
  static let here = URL(filePath: #filePath).deletingLastPathComponent()

  @Test(.needs(.python("onnx")))
  func everyCaseAgrees() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "conv-cases-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Python.run(
      Self.here.appending(path: "node_cases.py").path(percentEncoded: false), folder.path(percentEncoded: false))

    let registry = OperatorRegistry()
    let plugin = try #require(convPluginEntry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer))
    try registry.register(plugin, origin: "linked in")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
    #expect(names.count == 53)
    for name in names {
      do { try check(folder.appending(path: name), registry) } catch { Issue.record("\(name): \(error)") }
    }
  }

  private func check(_ folder: URL, _ registry: OperatorRegistry) throws {
    let data = folder.appending(path: "test_data_set_0")
    let model = try CompiledModel(
      ONNXFormat.read(folder.appending(path: "model.onnx").path(percentEncoded: false)), registry: registry)
    func tensor(_ name: String) throws -> Tensor {
      try ONNXFormat.readTensor(data.appending(path: name).path(percentEncoded: false)).tensor.load()
    }
    var inputs: [String: Tensor] = [:]
    for (index, input) in model.inputs.enumerated() { inputs[input.name] = try tensor("input_\(index).pb") }
    let results = try model.run(inputs)
    for (index, output) in model.outputs.enumerated() {
      let expected = try tensor("output_\(index).pb")
      let got = try #require(results[output.name])
      #expect(got.type == expected.type && got.shape == expected.shape, "\(folder.lastPathComponent)")
      if got.type == .float32 {
        let pairs = try zip(got.elements(Float.self), expected.elements(Float.self))
        // Equal covers infinities. The tolerance is onnx's own: some references are rounded to four digits.
        #expect(pairs.allSatisfy { $0 == $1 || abs($0 - $1) <= 1e-6 + 1e-3 * abs($1) }, "\(folder.lastPathComponent)")
      } else {
        let same = got.withUnsafeBytes { left in expected.withUnsafeBytes { left.elementsEqual($0) } }
        #expect(same, "\(folder.lastPathComponent)")
      }
    }
  }
}
