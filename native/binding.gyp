# The source build for machines without CMake: `npm run build:node-gyp`. CMakeLists.txt in the root is the one source of
# truth; test/architecture compares the sources and flags of the two.
{
  "target_defaults": {
    "default_configuration": "Release",
    "cflags_cc": [
      "-std=c++20", "-O3", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
      "-ffp-contract=off", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Wshadow", "-Wconversion"
    ],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
  },
  "targets": [
    {
      "target_name": "softmax_isa_scalar",
      "type": "static_library",
      "sources": ["isa/scalar.cpp"],
      "cflags_cc": ["-O2", "-fno-tree-vectorize", "-fno-tree-slp-vectorize"]
    },
    {
      "target_name": "softmax_isa_emulated",
      "type": "static_library",
      "sources": ["isa/emulated.cpp"],
      "cflags_cc": ["-Os"]
    },
    {
      "target_name": "softmax_isa_avx2",
      "type": "static_library",
      "conditions": [
        ["target_arch=='x64'", {
          "sources": ["isa/avx2.cpp"],
          "cflags_cc": ["-mavx2", "-mfma", "-mf16c", "-mbmi2"]
        }]
      ]
    },
    {
      "target_name": "softmax_isa_avx512",
      "type": "static_library",
      "conditions": [
        ["target_arch=='x64'", {
          "sources": ["isa/avx512.cpp"],
          "cflags_cc": [
            "-mavx2", "-mfma", "-mf16c", "-mbmi2", "-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl",
            "-Wno-uninitialized", "-Wno-maybe-uninitialized"
          ]
        }]
      ]
    },
    {
      "target_name": "softmax_threads",
      "type": "static_library",
      "sources": ["parallel/pool.cpp", "parallel/queue.cpp"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["-fexceptions", "-frtti"]
    },
    {
      "target_name": "softmax_native",
      "sources": [
        "core/cpu.cpp",
        "core/dispatch.cpp",
        "operations/adaptive_cross_entropy.cpp",
        "operations/adaptive_predictions.cpp",
        "operations/argmax.cpp",
        "operations/attention.cpp",
        "operations/attention_vjp.cpp",
        "operations/beta_gradient.cpp",
        "operations/cross_entropy.cpp",
        "operations/diagnose.cpp",
        "operations/gumbel.cpp",
        "operations/jacobian.cpp",
        "operations/kl_divergence.cpp",
        "operations/candidates.cpp",
        "operations/layer_training.cpp",
        "operations/linear.cpp",
        "operations/linear_cross_entropy.cpp",
        "operations/log_softmax.cpp",
        "operations/log_sum_exp.cpp",
        "operations/log_sum_exp_vjp.cpp",
        "operations/loss_rows.cpp",
        "operations/nll_loss.cpp",
        "operations/non_finite.cpp",
        "operations/predictions.cpp",
        "operations/products.cpp",
        "operations/softmax.cpp",
        "operations/softmax_state.cpp",
        "operations/train_own.cpp",
        "operations/train_shared.cpp",
        "operations/tokens.cpp",
        "operations/tree_loss.cpp",
        "operations/tree_search.cpp",
        "operations/tree_training.cpp",
        "operations/weighted_log_sum_exp.cpp",
        "binding/adaptive.cpp",
        "binding/arguments.cpp",
        "binding/attention.cpp",
        "binding/derivatives.cpp",
        "binding/diagnosis.cpp",
        "binding/gumbel.cpp",
        "binding/job_memory.cpp",
        "binding/jobs.cpp",
        "binding/candidate_training.cpp",
        "binding/candidates.cpp",
        "binding/linear.cpp",
        "binding/losses.cpp",
        "binding/module.cpp",
        "binding/predictions.cpp",
        "binding/softmax_family.cpp",
        "binding/softmax_state.cpp",
        "binding/tokens.cpp",
        "binding/tree.cpp"
      ],
      "dependencies": [
        "softmax_threads", "softmax_isa_scalar", "softmax_isa_emulated", "softmax_isa_avx2", "softmax_isa_avx512"
      ],
      "cflags_cc": ["-isystem", "<!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
      "ldflags": ["-s"]
    },
    {
      "target_name": "place",
      "type": "none",
      "dependencies": ["softmax_native"],
      "copies": [
        { "files": ["<(PRODUCT_DIR)/softmax_native.node"], "destination": "<(module_root_dir)/../build/Release" }
      ]
    }
  ]
}
