import CZooPlugin
import Foundation
import MLPlugin
import ONNXFormat
import SVMPlugin
import StandardPlugin
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Trees, encoders and operators on strings beside ONNX Runtime.
@Suite struct OperatorTests {
  static let here = URL(filePath: #filePath).deletingLastPathComponent()

  @Test(.needs(.python("onnx", "onnxruntime")))
  func everyCaseAgrees() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ml-cases-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Python.run(Self.here.appending(path: "make_cases.py").path, folder.path)
    let count = try check(all: folder)
    #expect(count == 200)
  }

  /// What scikit-learn, LightGBM and XGBoost export (`make_fixtures.py`).
  @Test func exportedModelsAgree() throws {
    let count = try check(all: Self.here.appending(path: "Fixtures"))
    #expect(count == 15)
  }

  private func check(all folder: URL) throws -> Int {
    let registry = OperatorRegistry()
    for entry in [standardPluginEntry, svmPluginEntry, mlPluginEntry] {
      try registry.register(#require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer)), origin: "tests")
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    for name in names {
      do { try check(folder.appending(path: name), registry) } catch { Issue.record("\(name): \(error)") }
    }
    return names.count
  }

  private func check(_ folder: URL, _ registry: OperatorRegistry) throws {
    let data = folder.appending(path: "test_data_set_0")
    let model = try CompiledModel(ONNXFormat.read(folder.appending(path: "model.onnx").path), registry: registry)
    func tensor(_ name: String) throws -> Tensor {
      try ONNXFormat.readTensor(data.appending(path: name).path).tensor.load()
    }
    var inputs: [String: Tensor] = [:]
    for (index, input) in model.inputs.enumerated() { inputs[input.name] = try tensor("input_\(index).pb") }
    let results = try model.run(inputs)
    for (index, output) in model.outputs.enumerated() {
      let (expected, got) = (try tensor("output_\(index).pb"), try #require(results[output.name]))
      #expect(got.type == expected.type && got.shape == expected.shape, "\(folder.lastPathComponent)")
      switch got.type {
      case .float32:
        for (value, wanted) in zip(try got.elements(Float.self), try expected.elements(Float.self)) {
          let isClose =
            value == wanted || value.isNaN && wanted.isNaN || abs(value - wanted) <= 1e-5 + 1e-4 * abs(wanted)
          #expect(isClose, "\(folder.lastPathComponent): \(value), not \(wanted)")
        }
      case .string: #expect(got.strings == expected.strings, "\(folder.lastPathComponent)")
      default:
        let isSame = got.withUnsafeBytes { a in expected.withUnsafeBytes { b in a.elementsEqual(b) } }
        #expect(isSame, "\(folder.lastPathComponent)")
      }
    }
  }
}
