//! The people, employers, jobs and talk of the demo fair. All of it is made up; no name is that of a real enterprise.

/// How a wage is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Per {
    Hour,
    Day,
    Month,
}

/// A job that an employer offers at each of its sites.
pub(super) struct Job {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    /// Wage in yuan, from and to.
    pub(super) pay: (i64, i64),
    pub(super) per: Per,
    /// Headcount at the first site; the others have fewer.
    pub(super) headcount: i64,
    /// Stands at a line; works days only; couples' rooms; days off a month.
    pub(super) line: bool,
    pub(super) day_only: bool,
    pub(super) couples: bool,
    pub(super) days_off: i64,
}

/// A place of work: name in both languages and GB/T 2260 code.
pub(super) struct Site {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) region: &'static str,
}

pub(super) struct Company {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) about_zh: &'static str,
    pub(super) about_en: &'static str,
    pub(super) industry: &'static str,
    pub(super) recruiter: &'static str,
    pub(super) sites: [Site; 3],
    pub(super) jobs: &'static [Job],
}

const fn job(zh: &'static str, en: &'static str, pay: (i64, i64), per: Per, headcount: i64) -> Job {
    Job { zh, en, pay, per, headcount, line: false, day_only: true, couples: false, days_off: 4 }
}

const fn line(zh: &'static str, en: &'static str, pay: (i64, i64), headcount: i64) -> Job {
    Job { zh, en, pay, per: Per::Month, headcount, line: true, day_only: false, couples: true, days_off: 4 }
}

const fn site(zh: &'static str, en: &'static str, region: &'static str) -> Site {
    Site { zh, en, region }
}

use Per::{Day, Hour, Month};

pub(super) const COMPANIES: &[Company] = &[
    Company {
        zh: "映山红电器有限公司",
        en: "Azalea Appliances",
        about_zh: "生产空调和小家电，员工 3200 人。包吃包住，空调宿舍四人间，有夫妻房，每月 15 日发工资，入职培训三天带薪。",
        about_en: "Makes air conditioners and small appliances with 3,200 people. Meals and air-conditioned four-bed rooms free, couples' rooms, pay on the 15th.",
        industry: "C38",
        recruiter: "张丽",
        sites: [
            site("杭州钱塘区", "Qiantang, Hangzhou", "330114"),
            site("杭州萧山区", "Xiaoshan, Hangzhou", "330109"),
            site("嘉兴海宁市", "Haining, Jiaxing", "330481"),
        ],
        jobs: &[
            line("空调装配工", "Air conditioner assembler", (6200, 7800), 120),
            job("设备维修技术员", "Maintenance technician", (7500, 9500), Month, 8),
            job("质量检验员", "Quality inspector", (5800, 7000), Month, 30),
            line("电控板插件工", "Control board operator", (6000, 7400), 40),
            line("包装工", "Packer", (5200, 6300), 60),
            job("仓库管理员", "Storekeeper", (5800, 6600), Month, 10),
            job("周末小时工", "Weekend hourly worker", (22, 26), Hour, 80),
            job("生产班组长", "Line leader", (8500, 10500), Month, 6),
            job("叉车司机", "Forklift driver", (7000, 8500), Month, 9),
        ],
    },
    Company {
        zh: "新禾汽车零部件（苏州）有限公司",
        en: "Xinhe Auto Parts (Suzhou)",
        about_zh: "为新能源汽车配套座椅骨架和线束，订单稳定，五险一金入职即缴，厂车覆盖昆山、吴江。",
        about_en: "Seat frames and wiring harnesses for electric cars. Steady orders, social insurance from day one, company buses.",
        industry: "C36",
        recruiter: "陈建国",
        sites: [
            site("苏州工业园区", "Suzhou Industrial Park", "320571"),
            site("昆山市", "Kunshan", "320583"),
            site("苏州吴江区", "Wujiang, Suzhou", "320509"),
        ],
        jobs: &[
            line("线束装配工", "Wiring harness assembler", (6200, 7600), 90),
            job("电焊工", "Welder", (8000, 12000), Month, 25),
            job("数控车工", "CNC lathe operator", (7500, 10000), Month, 20),
            line("冲压操作工", "Press operator", (6800, 8300), 35),
            job("机械手调试员", "Robot tuner", (9000, 13000), Month, 5),
            job("检验员", "Inspector", (5800, 7000), Month, 18),
            job("物流配料员", "Line feeder", (6000, 7000), Month, 16),
            job("电工", "Electrician", (8000, 10000), Month, 4),
            job("日结搬运工", "Loader, paid daily", (220, 280), Day, 40),
        ],
    },
    Company {
        zh: "丰泽服饰（东莞）有限公司",
        en: "Fengze Garments (Dongguan)",
        about_zh: "做户外服装出口，计件多劳多得，有夫妻房和托管班，方便带孩子的工友。",
        about_en: "Outdoor clothing for export. Piece rates, couples' rooms and after-school care for workers with children.",
        industry: "C18",
        recruiter: "黄秀英",
        sites: [
            site("东莞虎门镇", "Humen, Dongguan", "441900"),
            site("东莞大朗镇", "Dalang, Dongguan", "441900"),
            site("惠州惠阳区", "Huiyang, Huizhou", "441303"),
        ],
        jobs: &[
            line("缝纫工", "Sewing machine operator", (6500, 9500), 150),
            job("裁床工", "Cutter", (7000, 9000), Month, 20),
            line("整烫工", "Presser", (6000, 8000), 30),
            job("纸样师傅", "Pattern maker", (9000, 14000), Month, 4),
            line("尾部包装", "Finishing and packing", (5000, 6200), 45),
            job("跟单员", "Order follower", (6000, 7500), Month, 6),
            job("机修工", "Sewing machine mechanic", (7500, 9500), Month, 3),
            job("QC 巡检", "Roving QC", (5800, 7200), Month, 12),
            job("缝纫学徒", "Sewing apprentice", (4200, 5000), Month, 40),
        ],
    },
    Company {
        zh: "中原通达物流（郑州）有限公司",
        en: "Zhongyuan Tongda Logistics (Zhengzhou)",
        about_zh: "中部最大的快运分拨中心之一，离家近，做六休一，夜班每晚补贴 30 元。",
        about_en: "One of the largest parcel hubs in central China. Close to home, six days on and one off, night bonus of 30 yuan.",
        industry: "G59",
        recruiter: "李军",
        sites: [
            site("郑州经开区", "Zhengzhou Economic Zone", "410171"),
            site("郑州新郑市", "Xinzheng, Zhengzhou", "410184"),
            site("洛阳市", "Luoyang", "410300"),
        ],
        jobs: &[
            job("分拣员", "Parcel sorter", (5500, 7000), Month, 200),
            job("货车司机（B2）", "Truck driver (B2)", (9000, 13000), Month, 60),
            job("快递员", "Courier", (6000, 10000), Month, 100),
            job("叉车工", "Forklift operator", (6500, 8000), Month, 25),
            job("装卸工", "Loader", (240, 320), Day, 80),
            job("客服专员", "Customer service", (4500, 5500), Month, 30),
            job("调度员", "Dispatcher", (6000, 7500), Month, 8),
            job("夜班扫描员", "Night scanner", (24, 28), Hour, 60),
            job("站点站长", "Station manager", (8000, 11000), Month, 12),
        ],
    },
    Company {
        zh: "海联食品（宁波）有限公司",
        en: "Hailian Foods (Ningbo)",
        about_zh: "速冻水产和预制菜加工，车间恒温，健康证公司办理，免费工作餐和宿舍。",
        about_en: "Frozen seafood and ready meals. Constant-temperature halls, health certificate paid, free meals and rooms.",
        industry: "C14",
        recruiter: "周敏",
        sites: [
            site("宁波北仑区", "Beilun, Ningbo", "330206"),
            site("宁波象山县", "Xiangshan, Ningbo", "330225"),
            site("舟山定海区", "Dinghai, Zhoushan", "330902"),
        ],
        jobs: &[
            line("水产加工工", "Seafood processor", (5500, 7000), 80),
            line("预制菜流水线工", "Ready-meal line worker", (5300, 6500), 70),
            job("冷库管理员", "Cold store keeper", (6500, 8000), Month, 8),
            job("食品检验员", "Food inspector", (6000, 7500), Month, 6),
            job("厨师", "Cook", (7000, 9000), Month, 10),
            line("真空包装工", "Vacuum packer", (5200, 6200), 40),
            job("制冷工", "Refrigeration technician", (7500, 9500), Month, 3),
            job("送货司机（C1）", "Delivery driver (C1)", (6500, 8000), Month, 12),
            job("季节工", "Seasonal worker", (20, 24), Hour, 100),
        ],
    },
    Company {
        zh: "天府味道餐饮（成都）有限公司",
        en: "Tianfu Taste Restaurants (Chengdu)",
        about_zh: "川菜连锁 86 家门店，带薪培训，店长都从服务员做起，包吃住。",
        about_en: "A Sichuan chain of 86 restaurants. Paid training, every manager began as a waiter, meals and rooms included.",
        industry: "H62",
        recruiter: "唐小红",
        sites: [
            site("成都锦江区", "Jinjiang, Chengdu", "510104"),
            site("成都双流区", "Shuangliu, Chengdu", "510116"),
            site("重庆渝北区", "Yubei, Chongqing", "500112"),
        ],
        jobs: &[
            job("服务员", "Waiter", (4500, 6000), Month, 60),
            job("传菜员", "Runner", (4200, 5200), Month, 40),
            job("川菜厨师", "Sichuan cook", (8000, 12000), Month, 20),
            job("切配工", "Prep cook", (5000, 6500), Month, 25),
            job("洗碗工", "Dishwasher", (3800, 4600), Month, 30),
            job("收银员", "Cashier", (4300, 5300), Month, 15),
            job("储备店长", "Trainee manager", (7000, 9000), Month, 10),
            job("外卖打包员", "Takeaway packer", (20, 23), Hour, 20),
            job("采购员", "Buyer", (5500, 7000), Month, 4),
        ],
    },
    Company {
        zh: "康护家政服务（广州）有限公司",
        en: "Kanghu Home Services (Guangzhou)",
        about_zh: "养老护理、月嫂、保洁，免费培训考证，不收任何押金和中介费。",
        about_en: "Elder care, maternity nurses and cleaning. Free training and certificates, no deposits and no agency fees.",
        industry: "O80",
        recruiter: "梁玉梅",
        sites: [
            site("广州天河区", "Tianhe, Guangzhou", "440106"),
            site("佛山南海区", "Nanhai, Foshan", "440605"),
            site("深圳南山区", "Nanshan, Shenzhen", "440305"),
        ],
        jobs: &[
            job("养老护理员", "Elder care worker", (6000, 8500), Month, 50),
            job("月嫂", "Maternity nurse", (9000, 15000), Month, 30),
            job("保洁员", "Cleaner", (4000, 5000), Month, 80),
            job("住家保姆", "Live-in nanny", (6000, 8000), Month, 40),
            job("医院护工", "Hospital attendant", (200, 260), Day, 35),
            job("钟点工", "Hourly cleaner", (30, 40), Hour, 100),
            job("家电清洗师", "Appliance cleaner", (6000, 9000), Month, 15),
            job("育儿嫂", "Childcare worker", (7000, 10000), Month, 25),
            job("门店管家", "Shop steward", (5000, 7000), Month, 6),
        ],
    },
    Company {
        zh: "合智新能源（合肥）有限公司",
        en: "Hezhi New Energy (Hefei)",
        about_zh: "动力电池和光伏组件，年后扩产三条线，入职满月奖 1000 元，厂区有食堂和球场。",
        about_en: "Power batteries and solar modules, three new lines after the festival, 1,000 yuan after the first month, canteen and sports ground.",
        industry: "C38",
        recruiter: "吴强",
        sites: [
            site("合肥新站区", "Xinzhan, Hefei", "340172"),
            site("合肥长丰县", "Changfeng, Hefei", "340121"),
            site("滁州市", "Chuzhou", "341100"),
        ],
        jobs: &[
            line("电池装配工", "Battery assembler", (6500, 8500), 180),
            line("光伏组件工", "Solar module worker", (6300, 8000), 110),
            job("涂布操作员", "Coating operator", (7000, 9000), Month, 30),
            job("设备工程师", "Equipment engineer", (9000, 14000), Month, 10),
            job("安全员", "Safety officer", (6500, 8000), Month, 6),
            job("物料员", "Material handler", (5800, 6800), Month, 24),
            job("实验员", "Laboratory assistant", (6000, 7500), Month, 8),
            job("厂区保安", "Security guard", (4800, 5600), Month, 14),
            job("寒假工", "Winter-break worker", (21, 25), Hour, 90),
        ],
    },
];

/// Seekers who have been around; the first three have sign-in links.
pub(super) const SEEKERS: &[&str] =
    &["王小明", "刘桂芳", "赵大勇", "孙丽娟", "马超", "Li Wei", "何秀兰", "阿依古丽", "老周", "小杨", "韦国栋", "Chen Mei"];

/// What was said in a booth before the visitor came: true for a line of the recruiter.
pub(super) const TALK: &[(bool, &str)] = &[
    (false, "大家好，第一次来，这里可以直接问吗？"),
    (true, "欢迎！有问题直接问，我在线回答。"),
    (false, "有夫妻房吗？我和老婆一起来"),
    (true, "有的，夫妻房每月水电自理，房租免费，先到先得。"),
    (false, "工资几号发？"),
    (true, "每月 15 日发上个月工资，从不拖欠。"),
    (false, "要不要押金？"),
    (true, "不收任何押金和费用。谁向您收钱，请马上举报。"),
    (false, "Do you take people without experience?"),
    (true, "Yes, there are three days of paid training."),
    (false, "四十八岁还要吗"),
    (true, "身体健康、能胜任岗位就可以，没有年龄歧视。"),
    (false, "从贵阳过来路费报销吗？"),
    (true, "做满三个月报销来时的路费，凭票最高 500 元。"),
    (false, "一个月休几天"),
    (true, "一般休四天，忙季加班按法律付加班费。"),
    (false, "全是夜班吗？"),
    (true, "两班倒，半个月一换；也有长白班岗位，看岗位列表里的“只上白班”。"),
    (false, "我报名了，什么时候有消息"),
    (true, "今天下午会看完，约面试会发短信给您。"),
    (false, "谢谢，讲得很清楚👍"),
];

/// The question list of the first booth, with how many people want to know; the first is answered.
pub(super) const QUESTIONS: &[(&str, usize)] = &[
    ("路费能报销吗？坐高铁过来要多少钱能报？", 4),
    ("夜班一个月大概有几天？", 5),
    ("两个人一起来，能分到同一个车间吗？", 3),
    ("没有经验，多久能上手？", 1),
];
pub(super) const ANSWER: &str = "做满三个月报销来时的路费，凭票最高 500 元。";

/// What the organisers say in the hall.
pub(super) const HALL_TALK: &[&str] = &[
    "欢迎来到春风行动线上招聘会！找工作不收费，遇到收押金的请举报。",
    "左边是各企业展位，标着“直播中”的正在介绍岗位，可以直接提问。",
    "Welcome! Booths marked Live are presenting jobs right now. Looking for work here is free.",
    "面试可以在手机上视频进行，请提前十分钟试一下摄像头和麦克风。",
];
