/// ONNX's domain for classical machine learning.
let machineLearning = "ai.onnx.ml"

extension OperatorCatalogue {
  static let ml: [OperatorDeclaration] = [
    .arrayFeatureExtractor, .unary("Binarizer", domain: machineLearning), .castMap, .categoryMapper, .dictVectorizer,
    .featureVectorizer, .unary("Imputer", domain: machineLearning), .labelEncoder, .linearClassifier, .linearRegressor,
    .normalizer, .oneHotEncoder, .scaler, .svmClassifier, .svmRegressor, .treeEnsemble("TreeEnsemble"),
    .treeEnsembleClassifier, .treeEnsemble("TreeEnsembleRegressor"), .zipMap,
  ]
}
