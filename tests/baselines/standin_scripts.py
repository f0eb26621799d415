"""Stand-ins for the authors' scripts: the same arguments, places and names, written from those facts alone.

Where the authors have a network, these invert the image, so that a result tells which image it belongs to.
"""

from pathlib import Path

DRBNET = """
import argparse, glob, os, time, cv2
parser = argparse.ArgumentParser()
parser.add_argument("--dataroot_dpdd", default="./datasets/DPDD")
parser.add_argument("--results_dir", default="./results/")
parser.add_argument("--name", default="defocus_deblur")
parser.add_argument("--eval_data", default="DPD")
parser.add_argument("--net_mode", default="single")
parser.add_argument("--save_images", action="store_true")
opt = parser.parse_args()
assert opt.eval_data == "DPDD"
root = os.path.join(opt.results_dir, opt.name, opt.eval_data, opt.net_mode, time.strftime("%Y-%m-%d_%H%M"))
os.makedirs(os.path.join(root, "output")); os.makedirs(os.path.join(root, "input"))
kinds = {"c": ("test_c", "source"), "r": ("test_r", "source"), "l": ("test_l", "source"), "t": ("test_c", "target")}
lists = {k: sorted(glob.glob(os.path.join(opt.dataroot_dpdd, *v, "*.png"))) for k, v in kinds.items()}
assert len(lists["t"]) == len(lists["c"]) > 0
for at, path in enumerate(lists["c"]):
    image = cv2.imread(lists["l"][at] if opt.net_mode == "dual" else path, cv2.IMREAD_COLOR)
    image = image[: image.shape[0] // 16 * 16, : image.shape[1] // 16 * 16]
    if opt.save_images:
        cv2.imwrite(os.path.join(root, "output", os.path.basename(path)), 255 - image)
"""

IFAN = """
import argparse, os, time, cv2
parser = argparse.ArgumentParser()
for name in ("--mode", "--config", "--network", "--data", "--ckpt_abs_name", "--data_offset", "--output_offset"):
    parser.add_argument(name)
args, _ = parser.parse_known_args()
assert os.path.isfile(args.ckpt_abs_name) and args.config == "config_IFAN"
stem = os.path.basename(args.ckpt_abs_name).split(".")[0]
root = os.path.join(args.output_offset, "quanti_quali", stem, args.data, time.strftime("%Y_%m_%d_%H%M"))
folder = {"random": "random", "DPDD": "DPDD/test_%s/source"}[args.data]
if "dual" in args.mode:
    assert len(os.listdir(os.path.join(args.data_offset, "DPDD/test_c/target"))) > 0
def listed(view):
    here = os.path.join(args.data_offset, folder % view if "%" in folder else folder)
    return [os.path.join(here, name) for name in sorted(os.listdir(here))]
for at, path in enumerate(listed("l" if "dual" in args.mode else "c")):
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    image = image[: image.shape[0] // 8 * 8, : image.shape[1] // 8 * 8]
    for kind in ("png", "jpg"):
        os.makedirs(os.path.join(root, "output", kind), exist_ok=True)
        cv2.imwrite(os.path.join(root, "output", kind, "{:02d}.{}".format(at + 1, kind)), 255 - image)
"""

DPDNET = """
import os, random, cv2, numpy as np
source = "./dd_dp_dataset_canon/"
write = "./results/res_l5_s512_f0.7_d0.4_dd_dp_canon/"
assert os.path.isfile("./ModelCheckpoints/defocus_deblurring_dp_l5_s512_f0.7_d0.4.hdf5")
os.makedirs(write)
folders = [source + name for name in ("test_c/source/", "test_c/target/", "test_l/source/", "test_r/source/")]
sets = [sorted(folder + name for name in os.listdir(folder)) for folder in folders]
order = list(range(len(sets[0]))); random.shuffle(order)
for at in order:
    image = cv2.imread(sets[2][at], -1)
    assert image.dtype == np.uint16
    name = sets[0][at].split("/")[-1].split(".")[0]
    cv2.imwrite(write + name + "_p.png", 65535 - image)
"""

KPAC = """
import os, cv2
from config import config
save_dir = "./Evaluations/single_results_3level"
os.makedirs(save_dir)
assert os.path.isfile("pretrained/single_3level.npz")
folder = config.TEST.folder_path + "/source/"
for name in sorted(os.listdir(folder))[:100]:
    image = cv2.imread(folder + name)
    assert image.shape == (1120, 1680, 3)
    cv2.imwrite(save_dir + "/" + name[0:-4] + ".png", 255 - image)
"""
KPAC_CONFIG = """
from types import SimpleNamespace
config = SimpleNamespace(TEST=SimpleNamespace())
config.TEST.folder_path = '/somewhere/test_c/'  # need to change
config.TEST.folder_path_c = '/somewhere/test_c/' # need to change
"""

NRKNET = """
import os, cv2, config
assert os.path.isdir(config.train["resume"])
out = "result_on_" + config.test["dataset"] + "_trained_on_" + config.train["train_dataset_name"]
os.makedirs(out, exist_ok=True)
with open("Dataset_test_" + config.test["dataset"]) as listed:
    pairs = [line[:-1].split(",") for line in listed]
for step, (name, truth) in enumerate(pairs):
    image = cv2.imread(os.path.join(config.data_offset, name))
    assert cv2.imread(os.path.join(config.data_offset, truth)).shape == image.shape
    cv2.imwrite(out + "/" + str(step).rjust(4, "0") + ".png", 255 - image)
"""
NRKNET_CONFIG = """
train = {}
train['train_dataset_name'] = 'LFDOF'
train['resume'] = './save/NRKNet_' + train['train_dataset_name'] + '/0'
data_offset = 'G:/datasets/'
test = {}
test['dataset'] = 'RTF'  # DPDD, LFDOF, RTF, RealDOF
"""

GKMNET = """
import os, cv2, torch
import train_config as config
assert os.path.isfile(config.train['resume'] + "/GKMNet_epoch2819.pth")
images, truths = (sorted(os.listdir(config.train[key])) for key in ('test_img_path', 'test_gt_path'))
assert images == truths
if True:
    if True:
        for step, name in enumerate(images):
            image = cv2.imread(os.path.join(config.train['test_img_path'], name))[..., ::-1]
            y256 = (1 - torch.from_numpy(image.copy()).permute(2, 0, 1)[None] / 255)
            # cv2.imwrite('our_result/' + str(step) + '.png',
            #             y256)
"""
GKMNET_CONFIG = """
train = {}
train['test_img_path'] = 'D:/somewhere/test_c/source'
train['test_gt_path'] = 'D:/somewhere/test_c/target'
train['resume'] = './save/checkpoints/0'
"""

LAKDNET = """
import argparse, glob, os, time, cv2, yaml
parser = argparse.ArgumentParser()
parser.add_argument("--type", type=str)
config = yaml.safe_load(open("./options/Test_configs.yml"))[parser.parse_args().type]
for at, element in enumerate(config["test_status"]):
    assert os.path.isfile(config["weight"][element]) and config[config["net_configs"][at]]["inp_channels"] == 3
    for data in config["eval_data"][at]:
        out = os.path.join("./Results", element, data, time.strftime("%Y-%m-%d_%H%M"), "output")
        os.makedirs(out)
        paths = sorted(glob.glob(os.path.join(config[data]["dataroot_lq"], "test_c", "source", "*.png")))
        truths = glob.glob(os.path.join(config[data]["dataroot_gt"], "test_c", "target", "*.png"))
        assert len(truths) == len(paths) > 0
        for path in paths:
            cv2.imwrite(os.path.join(out, os.path.basename(path)), 255 - cv2.imread(path))
"""

SCRIPTS = {
    "drbnet": {"run.py": DRBNET},
    "drbnet-dual": {"run.py": DRBNET},
    "ifan-official": {"run.py": IFAN},
    "ifan-dual-official": {"run.py": IFAN},
    "dpdnet-official": {"DPDNet/main.py": DPDNET},
    "kpac": {"main_eval_3level.py": KPAC, "config.py": KPAC_CONFIG},
    "nrknet": {"test.py": NRKNET, "config.py": NRKNET_CONFIG, "Dataset_test_RealDOF": "theirs.png,theirs.png\n"},
    "gkmnet": {"test.py": GKMNET, "train_config.py": GKMNET_CONFIG},
    "lakdnet-s": {"run.py": LAKDNET, "options/Test_configs.yml": "Defocus: {test_status: []}\n"},
}
"""The files of each repository that its script needs."""


def make_repository(recipe: str, folder: Path, weights: list[str]) -> Path:
    """A repository with a stand-in script, and weights in their places."""
    for name, text in SCRIPTS[recipe].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in weights:
        path = folder / name if "." in Path(name).name else folder / name / "NRKNet_epoch4.pth"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder
