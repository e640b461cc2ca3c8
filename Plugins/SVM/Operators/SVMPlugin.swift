import CZooPlugin
import PluginSupport
import ZooPlugin

/// Linear models and support vector machines of ONNX's domain for classical machine learning.
public let svmPlugin = Plugin(name: "SVM", version: "1.0") { host in
  let kernels = host.kernels
  return [
    LinearClassifier(kernels: kernels), LinearRegressor(kernels: kernels), SVMClassifier(kernels: kernels),
    SVMRegressor(kernels: kernels), Scaler(), Normalizer(), ArrayFeatureExtractor(),
  ]
}

/// The plugin's table for a host that links it statically.
public func svmPluginEntry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  svmPlugin.export(abi, host)
}
