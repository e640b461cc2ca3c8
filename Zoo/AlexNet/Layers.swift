import GraphBuilder
import ZooCore

extension GraphBuilder {
  /// The five convolutions of AlexNet and their pooling, of images (N, 3, side, side): pool5 as (N, `pooledCount`).
  package mutating func alexNetFeatures(
    _ image: Value, _ form: AlexNetForm, _ parameters: inout Parameters
  ) throws -> Value {
    var value = image
    var channels = 3
    for (layer, name) in form.convolutions.enumerated() {
      let groups = [1, 3, 4].contains(layer) ? form.groups : 1
      let kernel = layer < 2 ? form.kernels[layer] : 3
      let width = form.widths[layer]
      value = conv(
        value, name,
        weight: try parameters.take("\(name).weight", [width, channels / groups, kernel, kernel], .weight),
        bias: try parameters.take("\(name).bias", [width], .shift), stride: layer == 0 ? form.firstStride : 1,
        padding: layer == 0 ? form.firstPadding : kernel / 2, groups: groups)
      value = relu(value, "\(name).relu")
      channels = width
      if layer < 2, form.isOriginal {
        // Section 3.3: k 2, n 5, α 1e-4, β 0.75.
        value = localResponseNormalization(value, "\(name).norm", size: 5, alpha: 5e-4, beta: 0.75, bias: 2)
      }
      // Section 3.4: windows overlap.
      if [0, 1, 4].contains(layer) { value = maxPool(value, "\(name).pool", kernel: 3, stride: 2) }
    }
    return flatten(value, "flatten")
  }

  /// The fully connected layers 6 and 7 of AlexNet on pool5: fc7 as (N, hidden).
  package mutating func alexNetHidden(
    _ pooled: Value, _ form: AlexNetForm, _ parameters: inout Parameters
  ) throws -> Value {
    var value = pooled
    var inputs = form.pooledCount
    for (name, outputs) in zip(form.connected, form.hidden) {
      value = relu(try linear(value, name, inputs: inputs, outputs: outputs, &parameters), "\(name).relu")
      inputs = outputs
    }
    return value
  }
}
