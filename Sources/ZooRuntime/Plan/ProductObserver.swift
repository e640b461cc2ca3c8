import CZooPlugin
import ZooCompiler
import ZooCore
import ZooOperators

/// Shows what products read, for calibration.
final class ProductObserver: StepObserver {
  private let body: (String, UnsafeBufferPointer<Float>) -> Void

  init(_ body: @escaping (String, UnsafeBufferPointer<Float>) -> Void) { self.body = body }

  func begin(_ index: Int, of plan: Plan, _ call: UnsafePointer<zoo_call>?) {
    let step = plan.steps[index]
    guard let call, step.node.declaration?.traits.contains(.product) == true else { return }
    for (position, operand) in step.inputs.prefix(step.node.inputs.count).enumerated() {
      switch operand.place {
      case .absent, .constant, .consumed: continue
      case .arena, .input, .output, .slot: break
      }
      guard operand.facts.elementType == .float32, let shape = operand.facts.fixedShape, !shape.contains(0),
        let data = call.pointee.inputs[position]?.pointee.data
      else { continue }
      show(operand.name, data.assumingMemoryBound(to: Float.self), shape, operand.layout.number)
    }
  }

  func end() {}

  private func show(_ name: String, _ data: UnsafePointer<Float>, _ shape: [Int], _ layout: Int32) {
    let block = 16
    guard layout == ZOO_LAYOUT_NCHW16C, shape.count >= 2, shape[1] % block != 0 else {
      return body(name, UnsafeBufferPointer(start: data, count: shape.reduce(1, *)))
    }
    // Lanes behind the last channel are no elements.
    let (blocks, last) = (shape[1] / block + 1, shape[1] % block)
    let positions = shape.dropFirst(2).reduce(1, *)
    var elements: [Float] = []
    elements.reserveCapacity(shape.reduce(1, *))
    for row in 0..<shape[0] * blocks * positions {
      let lanes = row / positions % blocks == blocks - 1 ? last : block
      elements.append(contentsOf: UnsafeBufferPointer(start: data + row * block, count: lanes))
    }
    elements.withUnsafeBufferPointer { body(name, $0) }
  }
}
