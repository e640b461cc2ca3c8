import CZooPlugin
import PluginSupport
import ZooPlugin

/// Trees, encoders, maps and texts: the rest of ONNX's domain for classical machine learning, and ONNX's operators on strings.
public let mlPlugin = Plugin(name: "ML", version: "1.0") { _ in
  [
    TreeEnsemble(), TreeEnsembleRegressor(), TreeEnsembleClassifier(),
    LabelEncoder(), OneHotEncoder(), CategoryMapper(), Binarizer(), Imputer(), FeatureVectorizer(),
    StringConcat(), StringSplit(), StringNormalizer(), RegexFullMatch(), TfIdfVectorizer(),
    Tokenizer(), ZipMap(), CastMap(), DictVectorizer(),
  ]
}

/// The plugin's table for a host that links it statically.
public func mlPluginEntry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  mlPlugin.export(abi, host)
}
